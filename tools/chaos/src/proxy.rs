//! A TCP proxy that reads the frames of Kafka's protocol and does to one request what a network, a
//! broker or a crash might.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// Requests by their `api_key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Request {
    /// Records.
    Produce = 0,
    /// A producer asks for its epoch.
    InitProducerId = 22,
    /// Partitions join a transaction.
    AddPartitionsToTxn = 24,
    /// A group's positions join a transaction.
    AddOffsetsToTxn = 25,
    /// The end of a transaction.
    EndTxn = 26,
    /// Positions in a transaction.
    TxnOffsetCommit = 28,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Fault {
    /// It is held back until the client has given up, tried again and begun another transaction;
    /// then it arrives.
    HoldIntoTheNext,
    /// It arrives; its answer does not.
    LoseAnswer,
    /// The connection breaks before it arrives.
    BreakBefore,
    /// The connection breaks after it was executed, before the answer arrives.
    BreakAfter,
    /// The client is killed before it arrives.
    KillBefore,
    /// The client is killed after it was executed.
    KillAfter,
}

/// What is to happen next, and what has.
#[derive(Default)]
struct State {
    next: Option<(Request, Fault)>,
    done: u32,
    /// Called for the two faults that kill.
    kill: Option<Box<dyn FnMut() + Send>>,
    held: VecDeque<Held>,
}

/// A request that is held back.
struct Held {
    release: Sender<()>,
    is_ended_again: bool,
}

/// A proxy between one client process and a listener of a broker.
#[derive(Clone)]
pub struct Proxy {
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Listens at `address` and passes to `upstream`, until this process ends.
    pub fn start(address: SocketAddr, upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let proxy = Self { state: Arc::default() };
        let shared = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let proxy = shared.clone();
                // A connection that breaks is what this is for.
                thread::spawn(move || drop(proxy.pass(client, upstream)));
            }
        });
        Ok(proxy)
    }

    /// Does this to the next such request.
    pub fn arm(&self, request: Request, fault: Fault, kill: impl FnMut() + Send + 'static) {
        let mut state = self.state.lock().unwrap();
        state.next = Some((request, fault));
        state.kill = Some(Box::new(kill));
    }

    /// How many faults have happened.
    pub fn done(&self) -> u32 {
        self.state.lock().unwrap().done
    }

    fn fault_of(&self, key: i16) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let (request, fault) = state.next?;
        if request as i16 != key {
            return None;
        }
        state.next = None;
        Some(fault)
    }

    fn happened(&self, fault: Fault) {
        let mut state = self.state.lock().unwrap();
        if matches!(fault, Fault::KillBefore | Fault::KillAfter)
            && let Some(kill) = &mut state.kill
        {
            kill();
        }
        state.done += 1;
    }

    /// Releases what is held once its repetition has passed and a transaction begins again.
    fn passed(&self, key: i16) {
        let mut state = self.state.lock().unwrap();
        if key == Request::EndTxn as i16 {
            state.held.iter_mut().for_each(|held| held.is_ended_again = true);
        }
        if key == Request::AddPartitionsToTxn as i16
            && state.held.front().is_some_and(|held| held.is_ended_again)
            && let Some(held) = state.held.pop_front()
        {
            // Nobody waits for it any more where the broker has gone.
            held.release.send(()).unwrap_or(());
        }
    }

    fn hold(&self) -> Receiver<()> {
        let (release, released) = channel();
        self.state.lock().unwrap().held.push_back(Held { release, is_ended_again: false });
        released
    }

    fn pass(&self, mut client: TcpStream, upstream: SocketAddr) -> io::Result<()> {
        let mut server = TcpStream::connect(upstream)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        // Correlation ids of answers that do not arrive, with what happens when they come.
        let lost = Arc::new(Mutex::new(Vec::<(i32, Fault)>::new()));
        let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
        let (proxy, shared) = (self.clone(), Arc::clone(&lost));
        let answers = thread::spawn(move || {
            while let Ok(frame) = read(&mut from) {
                let id = i32_at(&frame, 0);
                let fault = {
                    let mut lost = shared.lock().unwrap();
                    let found = lost.iter().position(|(lost, _)| *lost == id);
                    found.map(|at| lost.remove(at).1)
                };
                match fault {
                    None if write(&mut to, &frame).is_err() => break,
                    None => {}
                    Some(Fault::LoseAnswer) => proxy.happened(Fault::LoseAnswer),
                    Some(fault) => {
                        proxy.happened(fault);
                        break;
                    }
                }
            }
            end(&from);
            end(&to);
        });
        while let Ok(frame) = read(&mut client) {
            let key = i16_at(&frame, 0);
            match self.fault_of(key) {
                None => {
                    self.passed(key);
                    if write(&mut server, &frame).is_err() {
                        break;
                    }
                }
                Some(fault @ (Fault::LoseAnswer | Fault::BreakAfter | Fault::KillAfter)) => {
                    lost.lock().unwrap().push((i32_at(&frame, 4), fault));
                    write(&mut server, &frame)?;
                }
                Some(fault @ (Fault::BreakBefore | Fault::KillBefore)) => {
                    self.happened(fault);
                    break;
                }
                Some(fault @ Fault::HoldIntoTheNext) => {
                    let released = self.hold();
                    // The client gives the connection up; ours to the broker stays.
                    if released.recv().is_ok() {
                        lost.lock().unwrap().push((i32_at(&frame, 4), fault));
                        write(&mut server, &frame)?;
                        return joined(answers);
                    }
                    break;
                }
            }
        }
        end(&client);
        end(&server);
        joined(answers)
    }
}

fn joined(answers: JoinHandle<()>) -> io::Result<()> {
    answers.join().map_err(|_| io::Error::other("a thread of answers panicked"))
}

fn end(stream: &TcpStream) {
    // One that has ended already is what is wanted.
    stream.shutdown(Shutdown::Both).unwrap_or(());
}

/// A frame without its length.
fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

fn write(stream: &mut TcpStream, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), frame].concat())
}

fn i16_at(frame: &[u8], at: usize) -> i16 {
    i16::from_be_bytes([frame[at], frame[at + 1]])
}

fn i32_at(frame: &[u8], at: usize) -> i32 {
    i32::from_be_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]])
}
