//! Records of history: each has one encoding, and no bytes make a decoder panic.

mod history_dag;

use history_dag::{Random, seeds};
use offshoot_core::chunk::Hash;
use offshoot_core::codec::{Reader, Writer};
use offshoot_core::history::{
    AUTHOR_MAX_BYTES, Body, BodyKind, BranchId, BranchRecord, BranchStatus, Commit, CommitHeader,
    CommitId, DELTA_MAX_BYTES, Delta, Links, MESSAGE_MAX_BYTES, Metadata, Micros, Protections,
    RowChange, SchemaChange, Scn, SequenceChange, ShallowRecord, SnapshotId, SnapshotKind,
    SnapshotRecord, Step, TableDelta, needs_root,
};
use serde_json::json;
use std::sync::Arc;

fn maybe(random: &mut Random) -> Option<Arc<[u8]>> {
    let n = random.below(200);
    (n > 40).then(|| Arc::from(random.bytes(n - 41)))
}

fn delta(random: &mut Random) -> Delta {
    let mut delta = Delta::default();
    for i in 0..random.below(4) as u8 {
        let new = maybe(random).unwrap_or_default();
        delta.schemas.push(SchemaChange { table: [i; 16], old: maybe(random), new: Some(new) });
        delta.sequences.push(SequenceChange { table: [i; 16], next: random.next() });
        let rows = (0..1 + random.below(20) as u8)
            .map(|k| RowChange {
                key: Arc::from([&[k][..], &random.bytes(8)].concat()),
                old: Some(maybe(random).unwrap_or_default()),
                new: maybe(random),
                moved_from: maybe(random),
            })
            .collect();
        delta.tables.push(TableDelta { table: [i; 16], rows });
    }
    delta
}

fn id(random: &mut Random) -> CommitId {
    CommitId(Hash::of(&random.next().to_le_bytes()))
}

fn commit(random: &mut Random) -> Commit {
    let body = match random.below(2) {
        0 => Body::Delta(delta(random)),
        _ => Body::Root(id(random).0),
    };
    let n = random.below(9);
    let scn = if n == 0 { 1 } else { 2 + (random.next() >> 12) };
    let links = Links {
        parents: (0..n).map(|_| id(random)).collect(),
        jump: (n > 0).then(|| (id(random), Scn(1 + random.next() % (scn - 1).max(1)))),
        scn: Scn(scn),
        generation: scn + random.below(9) as u64,
        merges: random.next() % scn,
        time: Micros(random.next() as i64),
    };
    links.commit("an author", "a message", body)
}

fn branch(random: &mut Random) -> BranchRecord {
    let some = |random: &mut Random| random.below(2) == 0;
    let mut object = serde_json::Map::new();
    if some(random) {
        object.insert("owner".into(), json!({"b": 1.1, "a": ["é\n", null]}));
        object.insert("\"a\"".into(), json!(18446744073709551615u64));
    }
    BranchRecord {
        id: BranchId::derive(&[1; 32], random.next()),
        incarnation: random.next(),
        version: random.next(),
        name: "feature/x".into(),
        display_name: if some(random) { "feature/x".into() } else { "Le café".into() },
        head: id(random),
        head_scn: Scn(random.next()),
        head_time: Micros(random.next() as i64),
        source_branch: some(random).then(|| (BranchId([4; 16]), "main".to_owned())),
        fork: some(random).then(|| id(random)),
        source_snapshot: some(random).then_some(SnapshotId([5; 16])),
        protected: some(random),
        read_only: some(random),
        status: [BranchStatus::Active, BranchStatus::Merged, BranchStatus::Deleted]
            [random.below(3)],
        metadata: Metadata::new(&object).unwrap(),
        created: Micros(random.next() as i64),
        updated: Micros(random.next() as i64),
        deleted: some(random).then(|| Micros(random.next() as i64)),
        protections: protections(random),
        expires: some(random).then(|| Micros(random.next() as i64)),
    }
}

fn protections(random: &mut Random) -> Protections {
    let mut protections = Protections::default();
    for _ in 0..random.below(7) {
        protections.add(Scn(random.next()), Micros(random.next() as i64));
    }
    protections
}

#[test]
fn the_last_protections_are_known() {
    let mut protections = Protections::default();
    assert_eq!(protections.nth(1), None);
    for n in 1..=6 {
        protections.add(Scn(n), Micros(10));
    }
    let nth = |n| protections.nth(n).map(|(scn, _)| scn.0);
    assert_eq!(
        [1, 2, 3, 4, 5, 6, 7].map(nth),
        [3, 3, 3, 4, 5, 6].map(Some).into_iter().chain([None]).collect::<Vec<_>>()[..]
    );
}

fn snapshot(random: &mut Random) -> SnapshotRecord {
    SnapshotRecord {
        id: SnapshotId::derive(&[2; 32], random.next()),
        name: (random.below(2) == 0).then(|| "before é".to_owned()),
        branch: BranchId([9; 16]),
        branch_name: "main".into(),
        commit: id(random),
        scn: Scn(random.next()),
        time: Micros(random.next() as i64),
        created: Micros(random.next() as i64),
        kind: [SnapshotKind::Automatic, SnapshotKind::Manual][random.below(2)],
        tables: random.next() as u32,
        rows: random.next(),
        size_bytes: random.next(),
    }
}

fn shallow(random: &mut Random) -> ShallowRecord {
    let mut dropped: Vec<_> = (0..random.below(5)).map(|_| id(random)).collect();
    dropped.sort();
    ShallowRecord {
        commit: id(random),
        scn: Scn(random.next()),
        time: Micros(random.next() as i64),
        dropped,
    }
}

/// Decodes and encodes again, by the kind of record.
type Again = fn(&[u8]) -> Option<Vec<u8>>;

fn records(random: &mut Random) -> Vec<(Vec<u8>, Again)> {
    let mut w = Writer::new();
    delta(random).encode(&mut w);
    vec![
        (commit(random).encode(), |b| Some(Commit::decode(b).ok()?.encode())),
        (branch(random).encode(), |b| Some(BranchRecord::decode(b).ok()?.encode())),
        (snapshot(random).encode(), |b| Some(SnapshotRecord::decode(b).ok()?.encode())),
        (shallow(random).encode(), |b| Some(ShallowRecord::decode(b).ok()?.encode())),
        (w.finish(), |b| {
            let mut r = Reader::new("delta", b);
            let delta = Delta::decode(&mut r).ok()?;
            r.end().ok()?;
            let mut w = Writer::new();
            delta.encode(&mut w);
            Some(w.finish())
        }),
    ]
}

#[test]
fn records_survive() {
    for seed in seeds(300) {
        println!("seed {seed}");
        let random = &mut Random(seed);
        let value = commit(random);
        let bytes = value.encode();
        assert_eq!(Commit::decode(&bytes), Ok(value.clone()));
        let header = CommitHeader::decode(&bytes).unwrap();
        assert_eq!(
            (header.scn, header.time, &header.author, &header.message, header.links().parents),
            (value.scn, value.time, &value.author, &value.message, value.parents.clone())
        );
        assert_eq!(header, value.clone().into_header());
        let step = Step::decode(&bytes).unwrap();
        assert_eq!((step.first_parent, step.body), (header.first_parent(), header.body));
        if let Body::Delta(delta) = &value.body {
            let r = &mut Reader::new("delta", &bytes[step.delta_at..]);
            assert_eq!(Delta::decode(r).as_ref(), Ok(delta));
        }
        match (header.body, &value.body) {
            (BodyKind::Root(a), Body::Root(b)) => assert_eq!(a, *b),
            (BodyKind::Delta { bytes }, Body::Delta(delta)) => {
                assert_eq!(bytes, delta.encoded_len() as u64);
            }
            other => panic!("{other:?}"),
        }
        let value = branch(random);
        assert_eq!(BranchRecord::decode(&value.encode()), Ok(value));
        let value = snapshot(random);
        assert_eq!(SnapshotRecord::decode(&value.encode()), Ok(value));
        let value = shallow(random);
        assert_eq!(ShallowRecord::decode(&value.encode()), Ok(value));
    }
}

#[test]
fn other_bytes_are_refused_or_are_the_one_encoding() {
    for seed in seeds(200) {
        println!("seed {seed}");
        let random = &mut Random(seed);
        for (bytes, again) in records(random) {
            assert_eq!(again(&bytes).as_ref(), Some(&bytes));
            for cut in 0..bytes.len() {
                assert_eq!(again(&bytes[..cut]), None, "cut at {cut} of {}", bytes.len());
            }
            assert_eq!(again(&[&bytes[..], &[0]].concat()), None);
            for _ in 0..60 {
                let mut changed = bytes.clone();
                for _ in 0..1 + random.below(3) {
                    let at = random.below(changed.len());
                    changed[at] = random.next() as u8;
                }
                if let Some(back) = again(&changed) {
                    assert_eq!(back, changed);
                }
            }
            let n = random.below(300);
            let mut noise = random.bytes(n);
            noise.splice(0..0, bytes[..bytes.len().min(2)].iter().copied());
            if let Some(back) = again(&noise) {
                assert_eq!(back, noise);
            }
        }
    }
}

#[test]
fn a_delta_out_of_order_is_refused() {
    let row = |key: &[u8], new: Option<&[u8]>| RowChange {
        key: Arc::from(key),
        old: None,
        new: new.map(Arc::from),
        moved_from: None,
    };
    let table = |id: u8, rows: Vec<RowChange>| TableDelta { table: [id; 16], rows };
    let x: Option<&[u8]> = Some(b"x");
    let good = vec![table(1, vec![row(b"a", x), row(b"b", x)]), table(2, vec![row(b"a", x)])];
    let bad = [
        vec![table(1, vec![row(b"b", x), row(b"a", x)])],
        vec![table(1, vec![row(b"a", x), row(b"a", x)])],
        vec![table(1, vec![row(b"a", None)])],
        vec![table(1, vec![])],
        vec![table(2, vec![row(b"a", x)]), table(1, vec![row(b"a", x)])],
    ];
    let decoded = |tables: Vec<TableDelta>| {
        let mut w = Writer::new();
        Delta { tables, ..Delta::default() }.encode(&mut w);
        Delta::decode(&mut Reader::new("delta", &w.finish()))
    };
    assert!(decoded(good).is_ok());
    for tables in bad {
        assert!(decoded(tables.clone()).is_err(), "{tables:?}");
    }
}

#[test]
fn long_or_destructive_changes_want_a_root() {
    let of = |bytes: usize| {
        let new = Some(Arc::from(vec![0; bytes]));
        let row = RowChange { key: Arc::from(*b"k"), old: None, new, moved_from: None };
        let tables = vec![TableDelta { table: [1; 16], rows: vec![row] }];
        Delta { tables, ..Delta::default() }
    };
    let overhead = of(DELTA_MAX_BYTES).encoded_len() - DELTA_MAX_BYTES;
    assert!(!needs_root(&of(DELTA_MAX_BYTES - overhead), false));
    assert!(needs_root(&of(DELTA_MAX_BYTES - overhead + 1), false));
    assert!(needs_root(&of(1), true));
    let change = |new| SchemaChange { table: [1; 16], old: Some(Arc::from(*b"d")), new };
    let dropped = Delta { schemas: vec![change(None)], ..Delta::default() };
    let altered = Delta { schemas: vec![change(Some(Arc::from(*b"e")))], ..Delta::default() };
    assert!(needs_root(&dropped, false));
    assert!(!needs_root(&altered, false));
}

#[test]
fn long_authors_and_messages_are_cut_at_a_character() {
    let long = "aé".repeat(3_000);
    let commit = Links::first(Micros(0)).commit(&long, &long, Body::Delta(Delta::default()));
    assert!(commit.author.len() <= AUTHOR_MAX_BYTES && commit.author.len() > AUTHOR_MAX_BYTES - 4);
    assert!(commit.message.len() <= MESSAGE_MAX_BYTES);
    assert!(long.starts_with(&commit.author) && long.starts_with(&commit.message));
    assert_eq!(Commit::decode(&commit.encode()), Ok(commit));
}

#[test]
fn a_plain_branch_and_a_small_commit_are_short() {
    let micros = Micros(1_733_000_000_000_000);
    let record = BranchRecord {
        id: BranchId([1; 16]),
        incarnation: 1,
        version: 12_345,
        name: "feature-auth".into(),
        display_name: "feature-auth".into(),
        head: CommitId(Hash::of(b"head")),
        head_scn: Scn(123_456),
        head_time: Micros(micros.0 + 86_400_000_000),
        source_branch: Some((BranchId([2; 16]), "main".into())),
        fork: Some(CommitId(Hash::of(b"fork"))),
        source_snapshot: None,
        protected: false,
        read_only: false,
        status: BranchStatus::Merged,
        metadata: Metadata::default(),
        created: micros,
        updated: Micros(micros.0 + 86_400_000_000),
        deleted: None,
        expires: None,
        protections: Protections::default(),
    };
    assert!(record.encode().len() < 150, "{} bytes", record.encode().len());

    let next = record.advanced(CommitId(Hash::of(b"next")), Scn(123_457), micros);
    assert_eq!((next.version, next.status), (12_346, BranchStatus::Active));
    assert_eq!(next.updated, record.updated, "the record's time does not go back");

    let links = Links {
        parents: vec![record.head],
        jump: Some((record.head, Scn(1_048_575))),
        scn: Scn(1_048_576),
        generation: 1_048_576,
        merges: 0,
        time: micros,
    };
    let empty = links.commit("", "", Body::Delta(Delta::default()));
    assert!(empty.encode().len() < 100, "{} bytes", empty.encode().len());
}

#[test]
fn metadata_has_one_spelling_and_a_limit() {
    let object = |text: &str| serde_json::from_str(text).unwrap();
    let a = Metadata::new(&object(r#"{"b": 1, "a": {"x": [1.5, "é"]}}"#)).unwrap();
    assert_eq!(a.as_json(), r#"{"a":{"x":[1.5,"é"]},"b":1}"#);
    assert_eq!(Metadata::new(&a.to_map()).unwrap(), a);
    assert!(Metadata::new(&object("{}")).unwrap().is_empty());
    let long = format!(r#"{{"a": "{}"}}"#, "x".repeat(20_000));
    assert!(Metadata::new(&object(&long)).is_err());
}
