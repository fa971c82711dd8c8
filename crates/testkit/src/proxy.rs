//! A TCP proxy on loopback that injects network faults.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use socket2::SockRef;

/// A network fault.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No fault: all bytes are forwarded.
    #[default]
    None,
    /// New and open connections are reset.
    Reset,
    /// No bytes are forwarded in either direction, without an error. Bytes that were sent arrive when the fault ends.
    BlackHole,
    /// Every read is forwarded after this delay, in both directions.
    Slow(Duration),
    /// Responses arrive in slices of this number of bytes.
    Slices(usize),
    /// A connection is reset after this number of response bytes.
    ResetAfter(usize),
}

/// A TCP proxy that forwards connections until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    network: Arc<Network>,
}

#[derive(Default)]
struct Network {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    fault: Fault,
    upstream: String,
    open: Vec<TcpStream>,
    closed: bool,
}

impl Proxy {
    /// Starts a proxy in front of the server of this URL.
    pub fn before(url: &str) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("binding to a free port succeeds");
        let address = listener.local_addr().expect("the listener has an address");
        let network = Arc::<Network>::default();
        host_of(url).clone_into(&mut network.state().upstream);
        thread::spawn({
            let network = Arc::clone(&network);
            move || {
                for client in listener.incoming().flatten() {
                    if network.state().closed {
                        return;
                    }
                    network.forward(client);
                }
            }
        });
        Self { address, network }
    }

    /// Returns the URL with the address of this proxy.
    pub fn url(&self, url: &str) -> String {
        url.replacen(host_of(url), &self.address.to_string(), 1)
    }

    /// Sets the fault that applies from now on.
    pub fn set(&self, fault: Fault) {
        let mut state = self.network.state();
        state.fault = fault;
        if fault == Fault::Reset {
            state.open.drain(..).for_each(reset);
        }
        drop(state);
        self.network.changed.notify_all();
    }

    /// Forwards new connections to the server of this URL.
    pub fn set_upstream(&self, url: &str) {
        host_of(url).clone_into(&mut self.network.state().upstream);
    }

    /// Resets all open connections.
    pub fn cut(&self) {
        self.network.state().open.drain(..).for_each(reset);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.network.state();
        state.closed = true;
        state.fault = Fault::None;
        state.open.drain(..).for_each(reset);
        drop(state);
        self.network.changed.notify_all();
        // This connection wakes the listener thread, which then ends.
        let _ = TcpStream::connect(self.address);
    }
}

impl Network {
    fn forward(self: &Arc<Self>, client: TcpStream) {
        if self.state().fault == Fault::Reset {
            return reset(client);
        }
        let upstream = self.state().upstream.clone();
        let Ok(server) = TcpStream::connect(upstream) else {
            return reset(client);
        };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let copies = || Some((client.try_clone().ok()?, server.try_clone().ok()?));
        let (Some(forth), Some(back), Some(open)) = (copies(), copies(), copies()) else {
            return reset(client);
        };
        self.state().open.extend([open.0, open.1]);
        let (request, response) = (Arc::clone(self), Arc::clone(self));
        thread::spawn(move || request.pump(forth.0, forth.1, false));
        thread::spawn(move || response.pump(back.1, back.0, true));
    }

    /// Forwards bytes until the connection is closed.
    fn pump(&self, mut from: TcpStream, mut to: TcpStream, is_response: bool) {
        let mut passed = 0;
        let mut bytes = [0; 16 * 1_024];
        while let Ok(read) = from.read(&mut bytes) {
            let piece = bytes.get(..read).unwrap_or_default();
            let fault = self.wait_for_black_hole_end();
            let size = match fault {
                Fault::Slow(delay) => {
                    thread::sleep(delay);
                    read
                }
                Fault::Slices(size) if is_response => size,
                Fault::ResetAfter(bytes) if is_response && passed + read > bytes => {
                    let rest = piece.get(..bytes.saturating_sub(passed));
                    let _ = to.write_all(rest.unwrap_or_default());
                    reset(from);
                    return reset(to);
                }
                _ => read,
            };
            passed += read;
            let mut slices = piece.chunks(size.max(1));
            if read == 0 || !slices.all(|slice| to.write_all(slice).is_ok()) {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    }

    /// Waits until the black hole ends, and returns the current fault.
    fn wait_for_black_hole_end(&self) -> Fault {
        let state = self.state();
        self.changed
            .wait_while(state, |state| state.fault == Fault::BlackHole)
            .unwrap_or_else(PoisonError::into_inner)
            .fault
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the host and port of a URL.
fn host_of(url: &str) -> &str {
    let (_, after) = url.split_once("://").expect("the URL contains a scheme");
    let (_user, after) = after.rsplit_once('@').unwrap_or(("", after));
    after.split('/').next().unwrap_or_default()
}

fn reset(connection: TcpStream) {
    // With a zero linger time, closing sends RST instead of FIN.
    let _ = SockRef::from(&connection).set_linger(Some(Duration::ZERO));
    let _ = connection.shutdown(std::net::Shutdown::Both);
    drop(connection);
}
