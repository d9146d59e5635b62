//! Who may come in, and how often: what a stranger, a caller and an attacker see of a server.
//!
//! ```text
//!   routes       every route there is, and a request for each
//!   credentials  every route without a credential, and with each kind that is not in order
//!   scopes       every route with each scope; patterns of branches; protection; authors
//!   tenants      one tenant's file, a folder of many
//!   keys         made, listed, revoked; the open server; the file
//!   limits       how many pass, what headers say, who shares a bucket
//!   injection    texts that want to be more than a filter, a column, an order, a name
//!   sockets      slow and huge requests, ten thousand connections, TLS
//!   around       CORS, ids, compression, metrics, logs
//! ```

mod around;
mod credentials;
mod injection;
mod keys_cli;
mod limits;
mod routes;
mod scopes;
mod send;
mod sockets;
mod tenants;
mod token;
