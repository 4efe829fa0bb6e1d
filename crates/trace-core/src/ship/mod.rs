//! What to send next, without a socket.
