//! Files, threads, clocks and sockets.
