//! Threads for statements: a fixed number, with large stacks and a bounded queue.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Stack of one worker in bytes. Only what is touched takes memory.
const STACK_BYTES: usize = 64 << 20;

type Work = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    waiting: Mutex<(VecDeque<Work>, bool)>,
    wake: Condvar,
}

/// A fixed number of worker threads. Dropping it lets the queued work finish.
pub struct Pool {
    queue: Arc<Queue>,
    threads: Vec<std::thread::JoinHandle<()>>,
    queue_max: usize,
}

/// The queue is full: the server is overloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Pool {
    /// A pool of so many threads, that lets so much work wait.
    ///
    /// # Errors
    /// The system's, where it starts no more threads.
    pub fn new(threads: usize, queue_max: usize) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let mut started = Vec::with_capacity(threads);
        for number in 0..threads.max(1) {
            let queue = queue.clone();
            let worker = std::thread::Builder::new()
                .name(format!("statement-{number}"))
                .stack_size(STACK_BYTES)
                .spawn(move || queue.work())?;
            started.push(worker);
        }
        Ok(Pool { queue, threads: started, queue_max })
    }

    /// Queues work.
    ///
    /// # Errors
    /// `Full` where too much is waiting already.
    pub fn run(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Full> {
        let mut waiting = self.queue.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.0.len() >= self.queue_max {
            return Err(Full);
        }
        waiting.0.push_back(Box::new(work));
        // A thread that wakes finds the lock free.
        drop(waiting);
        self.queue.wake.notify_one();
        Ok(())
    }
}

impl Queue {
    fn work(&self) {
        loop {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let work = loop {
                match (waiting.0.pop_front(), waiting.1) {
                    (Some(work), _) => break work,
                    (None, true) => return,
                    (None, false) => {
                        waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                    }
                }
            };
            drop(waiting);
            // A panic is a defect; it costs its request an answer, not the server a thread.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.queue.wake.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
