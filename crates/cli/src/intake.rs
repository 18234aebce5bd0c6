//! A thread that reads the inputs ahead of the one that sends.

use crate::source::{CHUNK_BYTES, Input, Piece, read_pieces};
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// Chunks that may wait between the two threads: enough that neither waits for the other's scheduling.
const AHEAD: usize = 4;

/// What the reading thread tells, in the order of the input.
#[derive(Debug)]
pub(crate) enum Event {
    /// The input of this index begins.
    Begin(usize),
    /// Lines of it.
    Piece(Piece),
    /// The rest of it could not be read.
    Unreadable(io::Error),
    /// Nothing more.
    End,
    /// Nothing: look whether there was a signal.
    Knock,
}

/// Both ends of the reading thread.
pub(crate) struct Intake {
    pub(crate) events: Receiver<Event>,
    /// Takes used buffers.
    pub(crate) spare: Sender<Vec<u8>>,
    pub(crate) knock: Knock,
}

/// Wakes who waits for input.
pub(crate) struct Knock(SyncSender<Event>);

impl Knock {
    /// Wakes it.
    pub(crate) fn knock(&self) {
        // Full: it is not waiting.
        let _ = self.0.try_send(Event::Knock);
    }
}

/// Starts to read.
pub(crate) fn start(inputs: Vec<Input>, line_max: usize) -> Intake {
    let (sender, events) = sync_channel(AHEAD);
    let (spare, spares) = channel();
    let knock = Knock(sender.clone());
    std::thread::spawn(move || {
        for (index, input) in inputs.iter().enumerate() {
            if sender.send(Event::Begin(index)).is_err() {
                return;
            }
            let emit = |piece| sender.send(Event::Piece(piece)).is_ok();
            let read = input.open().and_then(|mut input| read_pieces(&mut *input, line_max, || buffer(&spares), emit));
            if let Err(error) = read
                && sender.send(Event::Unreadable(error)).is_err()
            {
                return;
            }
        }
        let _ = sender.send(Event::End);
    });
    Intake { events, spare, knock }
}

/// Gives a piece's buffer back to be filled again.
pub(crate) fn give_back(spare: &Sender<Vec<u8>>, piece: Piece) {
    if let Piece::Lines { buffer, .. } = piece
        && buffer.len() == CHUNK_BYTES
    {
        let _ = spare.send(buffer);
    }
}

fn buffer(spares: &Receiver<Vec<u8>>) -> Vec<u8> {
    spares.try_recv().unwrap_or_else(|_| vec![0; CHUNK_BYTES])
}
