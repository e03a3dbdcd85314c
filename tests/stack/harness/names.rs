//! A name server that knows one name, as Docker's knows the tasks of a service in a swarm.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Answers until it is dropped.
pub struct NameServer {
    pub address: SocketAddr,
    tasks: Arc<Mutex<Vec<Ipv4Addr>>>,
}

impl NameServer {
    /// Begins to answer for `name`, which has no address yet.
    pub fn start(name: &'static str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let address = socket.local_addr().unwrap();
        let tasks = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::downgrade(&tasks);
        thread::spawn(move || {
            let mut query = [0; 512];
            loop {
                let received = socket.recv_from(&mut query);
                let Some(tasks) = shared.upgrade() else { break };
                if let Ok((length, client)) = received {
                    let tasks = tasks.lock().unwrap().clone();
                    socket.send_to(&answer(&query[..length], name, &tasks), client).unwrap();
                }
            }
        });
        Self { address, tasks }
    }

    /// From now on the name has these addresses.
    pub fn set(&self, tasks: &[Ipv4Addr]) {
        tasks.clone_into(&mut self.tasks.lock().unwrap());
    }
}

/// RFC 1035: the question again, and an A record for each address; `NXDOMAIN` for other names.
fn answer(query: &[u8], name: &str, tasks: &[Ipv4Addr]) -> Vec<u8> {
    const HEAD: usize = 12;
    let mut asked = Vec::new();
    let mut at = HEAD;
    while query[at] > 0 {
        let label = &query[at + 1..at + 1 + usize::from(query[at])];
        asked.push(str::from_utf8(label).unwrap().to_lowercase());
        at += 1 + label.len();
    }
    let question = &query[HEAD..at + 5];
    let (kind, is_known) = (&query[at + 1..at + 3], asked.join(".") == name);
    let addresses = if is_known && kind == [0, 1] { tasks } else { &[] };

    let mut answer = query[..2].to_vec();
    // A response, with recursion; the last four bits are the outcome.
    answer.extend([0x81, if is_known { 0x80 } else { 0x83 }]);
    answer.extend([0, 1, 0, u8::try_from(addresses.len()).unwrap(), 0, 0, 0, 0]);
    answer.extend(question);
    for address in addresses {
        // The name stands at 12; type A, class IN, not to be kept, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        answer.extend(address.octets());
    }
    answer
}
