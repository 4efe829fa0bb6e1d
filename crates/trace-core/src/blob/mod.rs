//! Big payloads by name.
