//! A whole trace read back.
