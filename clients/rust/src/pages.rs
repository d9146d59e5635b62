//! Lists that come by page.

use crate::error::Error;
use futures_core::Stream;
use serde::Deserialize;
use std::collections::VecDeque;
use std::fmt::{self, Debug, Formatter};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Which one it is, from 1.
    pub page: u64,
    /// How many items a full one has.
    pub limit: u64,
    /// How many items there are on all pages.
    pub total: u64,
    /// How many pages there are.
    pub total_pages: u64,
}

/// A place among pages, as the API writes it.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Pagination {
    page: u64,
    limit: u64,
    total: u64,
    total_pages: u64,
}

impl Pagination {
    pub fn page<T>(self, items: Vec<T>) -> Page<T> {
        let Pagination { page, limit, total, total_pages } = self;
        Page { items, page, limit, total, total_pages }
    }
}

type Asked<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// The items of all pages, one after the other; a page is asked for when the one before it is used up.
/// It is a [`Stream`], and can be read without a library of streams:
///
/// ```no_run
/// # async fn example(client: offshoot_client::Client) -> Result<(), offshoot_client::Error> {
/// let mut branches = client.branches().list().all();
/// while let Some(branch) = branches.next().await {
///     println!("{}", branch?.name);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is asked before it is read"]
pub struct Items<T> {
    ask: Box<dyn Fn(u64) -> Asked<T> + Send + Sync>,
    asked: Option<Asked<T>>,
    /// The page to be asked for; `None`: there are no more.
    next: Option<u64>,
    ready: VecDeque<T>,
}

impl<T> Items<T> {
    pub(crate) fn new<F>(ask: impl Fn(u64) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Page<T>, Error>> + Send + 'static,
    {
        Items {
            ask: Box::new(move |page| Box::pin(ask(page))),
            asked: None,
            next: Some(1),
            ready: VecDeque::new(),
        }
    }

    /// The next item; `None` at the end, and after an error.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// All of them.
    ///
    /// # Errors
    /// The first error of a page.
    pub async fn collect(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(page) = self.next else { return Poll::Ready(None) };
            let asked = self.asked.get_or_insert_with(|| (self.ask)(page));
            let got = ready!(asked.as_mut().poll(context));
            self.asked = None;
            match got {
                Ok(got) => {
                    self.next = (page < got.total_pages).then_some(page + 1);
                    self.ready = got.items.into();
                }
                Err(error) => {
                    self.next = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

// Nothing in it is pinned but what is boxed.
impl<T> Unpin for Items<T> {}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context)
    }
}

impl<T> Debug for Items<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("next", &self.next).finish_non_exhaustive()
    }
}
