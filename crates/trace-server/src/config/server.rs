//! Address and shutdown.

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

use super::{ConfigError, Env};

/// Where the server listens and how it ends.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// `TRACE_HOST`: the address to listen on. Loopback by default: opening up is a decision.
    pub host: IpAddr,
    /// `TRACE_PORT`: the port; 0 takes any free one.
    pub port: u16,
    /// `TRACE_PUBLIC_URL`: the address that links show, when it differs from where we listen.
    pub public_url: String,
    /// `TRACE_DRAIN_SECONDS`: how long a shutdown waits for requests under way.
    pub drain_seconds: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 4173,
            public_url: String::new(),
            drain_seconds: 25,
        }
    }
}

impl ServerConfig {
    pub(super) fn apply(&mut self, env: &Env) -> Result<(), ConfigError> {
        env.set("TRACE_HOST", "an IP address", &mut self.host)?;
        env.set("TRACE_PORT", "a port number, 0 for any free one", &mut self.port)?;
        env.set("TRACE_PUBLIC_URL", "a URL", &mut self.public_url)?;
        env.set("TRACE_DRAIN_SECONDS", "a number of seconds", &mut self.drain_seconds)
    }
}
