//! Lines to compressed frames and back.
