//! The molar-trace command.
