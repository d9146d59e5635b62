use offshoot_core::chunk::MemoryStore;
use offshoot_core::database::{AsOf, Database};
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::{Limits, Request, Session};
use offshoot_core::value::Value;
use std::sync::Arc;
use std::time::Instant;
fn main() {
    let mut c = 0u64;
    let mut moment = || {
        c += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&c.to_le_bytes());
        Moment { now: Micros(c as i64), seed }
    };
    let db = Arc::new(Database::open(Arc::new(MemoryStore::new()), &moment()).unwrap().value);
    let mut s = Session::new(db, "main", "");
    let mut run = |s: &mut Session, sql: &str, p: &[Value]| {
        s.execute(&Request {
            sql,
            params: p,
            as_of: AsOf::Now,
            read_only: false,
            limits: Limits::default(),
            moment: moment(),
        })
        .unwrap()
    };
    run(&mut s, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, age INT, email TEXT)", &[]);
    let n = 100_000;
    let t = Instant::now();
    for b in 0..n / 1000 {
        let v: Vec<String> = (0..1000)
            .map(|i| {
                let k = b * 1000 + i;
                format!("({k}, 'name{k}', {}, 'u{k}@x.org')", k % 100)
            })
            .collect();
        run(&mut s, &format!("INSERT INTO t VALUES {}", v.join(",")), &[]);
    }
    println!("bulk insert {:.2} us/row", t.elapsed().as_secs_f64() * 1e6 / n as f64);
    let t = Instant::now();
    run(&mut s, "CREATE INDEX t_age ON t (age)", &[]);
    println!("index {:?}", t.elapsed());
    macro_rules! bench {
        ($name:expr, $times:expr, $sql:expr, $p:expr) => {{
            let t = Instant::now();
            for i in 0..$times {
                let p: Vec<Value> = $p(i as i64);
                run(&mut s, $sql, &p);
            }
            println!("{:30} {:.2} us", $name, t.elapsed().as_secs_f64() * 1e6 / $times as f64);
        }};
    }
    bench!("point select", 20000, "SELECT * FROM t WHERE id = $1", |i| vec![Value::Int(
        (i * 7919) % 100000
    )]);
    bench!("count", 20000, "SELECT COUNT(*) FROM t", |_| vec![]);
    bench!("update by key", 5000, "UPDATE t SET name = 'x' WHERE id = $1", |i| vec![Value::Int(
        (i * 7919) % 100000
    )]);
    bench!("delete by key", 5000, "DELETE FROM t WHERE id = $1", |i| vec![Value::Int(
        (i * 7919) % 100000
    )]);
    bench!("insert one", 5000, "INSERT INTO t (name, age) VALUES ('n', $1)", |i| vec![Value::Int(
        i
    )]);
    bench!("range 1%", 200, "SELECT * FROM t WHERE id BETWEEN 50000 AND 51000", |_| vec![]);
    bench!("filter scan", 10, "SELECT * FROM t WHERE name LIKE '%99%'", |_| vec![]);
    bench!("index eq 1%", 50, "SELECT * FROM t WHERE age = 42", |_| vec![]);
    bench!("sum", 10, "SELECT SUM(age) FROM t", |_| vec![]);
    bench!("group", 10, "SELECT age, COUNT(*), SUM(id) FROM t GROUP BY age", |_| vec![]);
    bench!("order limit", 10, "SELECT * FROM t ORDER BY name LIMIT 10", |_| vec![]);
    bench!("order key desc limit", 1000, "SELECT * FROM t ORDER BY id DESC LIMIT 10", |_| vec![]);
    bench!("all", 5, "SELECT * FROM t", |_| vec![]);
    bench!("offset", 100, "SELECT * FROM t ORDER BY id LIMIT 10 OFFSET 50000", |_| vec![]);
}
