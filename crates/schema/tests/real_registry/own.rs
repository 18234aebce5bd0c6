//! A registry of one test alone.

use super::support::eventually;
use std::env;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};

/// srfake on a port of its own, until it is dropped or killed.
pub(crate) struct Own {
    child: Child,
    pub(crate) port: u16,
    pub(crate) url: String,
}

impl Own {
    /// `options` of the program: TLS, credentials.
    pub(crate) fn start(options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = env::var_os("MILENA_TEST_SRFAKE").expect("MILENA_TEST_SRFAKE=target/registry/srfake/srfake");
        let child =
            Command::new(program).args(["-listen", &format!("127.0.0.1:{port}")]).args(options).spawn().unwrap();
        let own = Self { child, port, url: format!("http://127.0.0.1:{port}") };
        eventually(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        own
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
