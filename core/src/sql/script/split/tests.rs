use super::*;
use crate::sql::script::Step;

/// Every piece of a script that arrives in chunks of so many bytes.
fn pieces_by(text: &[u8], chunk: usize, piece_bytes: usize) -> Result<Vec<Piece>, ScriptError> {
    let mut splitter = Splitter::new(piece_bytes);
    let mut found = Vec::new();
    for bytes in text.chunks(chunk) {
        splitter.push(bytes);
        while let Some(piece) = splitter.take()? {
            found.push(piece);
        }
    }
    splitter.end();
    while let Some(piece) = splitter.take()? {
        found.push(piece);
    }
    Ok(found)
}

/// The same however the bytes arrive.
fn pieces(text: &str) -> Vec<(u64, String)> {
    let whole = pieces_by(text.as_bytes(), usize::MAX, 1 << 20).unwrap();
    for chunk in [1, 2, 3, 7] {
        assert_eq!(pieces_by(text.as_bytes(), chunk, 1 << 20).unwrap(), whole, "by {chunk}");
    }
    whole.into_iter().map(|piece| (piece.line, piece.text)).collect()
}

fn texts(text: &str) -> Vec<String> {
    pieces(text).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn semicolons_inside_things_end_nothing() {
    let script = "\u{feff}-- a; comment\r\n/* one; /* nested; */ */\r\nSELECT ';', \"a;b\", `c;d`, [e;f] -- ;\r\n, \
                  $$x;y$$, $t$;$$;$t$, E'\\';', 'it''s;', 1; ;;\nSELECT 2";
    let expected =
        "SELECT ';', \"a;b\", `c;d`, [e;f] -- ;\r\n, $$x;y$$, $t$;$$;$t$, E'\\';', 'it''s;', 1";
    let found = pieces(script);
    assert_eq!(found[0], (3, expected.to_owned()));
    assert_eq!(found[1], (5, "SELECT 2".to_owned()));
    assert_eq!(found.len(), 2);
    assert_eq!(
        texts("SELECT a[1]; SELECT $1; SELECT 'é;';"),
        ["SELECT a[1]", "SELECT $1", "SELECT 'é;'"]
    );
}

#[test]
fn lines_for_clients_are_commands() {
    let found = pieces_by(b"\\c chinook;\n.open x\nSELECT 1;\n\\q", 5, 100).unwrap();
    let found: Vec<_> = found.iter().map(|p| (p.line, p.text.as_str(), p.command)).collect();
    let expected =
        [(1, "\\c chinook;", true), (2, ".open x", true), (3, "SELECT 1", false), (4, "\\q", true)];
    assert_eq!(found, expected);
}

#[test]
fn a_trigger_is_one_statement() {
    let trigger = "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET n = CASE WHEN 1 THEN 2 \
                   END; DELETE FROM b; END";
    assert_eq!(texts(&format!("{trigger}; SELECT 1;")), [trigger, "SELECT 1"]);
}

#[test]
fn rows_are_known_and_a_long_insert_is_cut_between_them() {
    let script = "INSERT INTO t (a, \"values\") VALUES\n (1, 'a,(b'),\n (2, 'x;y'),\n (3, NULL);";
    for chunk in [1, 3, 1000] {
        let found = pieces_by(script.as_bytes(), chunk, 1000).unwrap();
        let lines: Vec<u64> = found[0].rows.iter().map(|row| row.line).collect();
        assert_eq!((found.len(), lines), (1, vec![2, 3, 4]));
        let second = found[0].row(1).unwrap();
        assert_eq!(second, ("INSERT INTO t (a, \"values\") VALUES\n (2, 'x;y')".to_owned(), 3));

        let cut = pieces_by(script.as_bytes(), chunk, 10).unwrap();
        assert_eq!(cut.len(), 3, "{cut:?}");
        assert_eq!((cut[2].line, cut[2].rows[0].line), (3, 4));
        let mut joined = cut[0].clone();
        joined.append(&cut[1]);
        joined.append(&cut[2]);
        for row in 0..3 {
            let plain = |piece: &Piece| {
                let (text, line) = piece.row(row).unwrap();
                (text.split_whitespace().collect::<String>(), line)
            };
            assert_eq!(plain(&joined), plain(&found[0]));
        }
    }
    for tail in [" ON CONFLICT DO NOTHING", " RETURNING a", " AS n"] {
        let script = format!("INSERT INTO t VALUES (1), (2){tail};");
        let found = pieces_by(script.as_bytes(), 1, 1000).unwrap();
        assert!(found[0].rows.is_empty(), "{tail}");
        assert!(pieces_by(script.as_bytes(), 1, 4).is_err(), "{tail}");
    }
    let found = pieces_by(b"INSERT INTO t SELECT 1;", 1, 1000).unwrap();
    assert!(found[0].rows.is_empty());
}

#[test]
fn rows_of_a_copy_become_inserts() {
    let script = "COPY public.t (a, b) FROM stdin;\n1\tit's\\tso;\n2\t\\N\n\\.\nSELECT 1;";
    let expected =
        ["INSERT INTO public.t (a, b) VALUES\n('1','it''s\tso;'),\n('2',NULL)", "SELECT 1"];
    assert_eq!(texts(script), expected);
    assert_eq!(texts("COPY t (a) FROM stdin;\r\n\\.\r\nSELECT 1;"), ["SELECT 1"]);
    for wrong in ["COPY t FROM '/etc/passwd';", "COPY t FROM stdin CSV;", "COPY t FROM stdin;\n1\n"]
    {
        assert!(pieces_by(wrong.as_bytes(), 1, 100).is_err(), "{wrong}");
    }
}

#[test]
fn what_never_ends_and_what_is_no_text_is_an_error_with_its_line() {
    for (script, line) in [
        (&b"\nSELECT 'x"[..], 2),
        (b"/* x", 1),
        (b"SELECT $$x$", 1),
        (b"SELECT 1;\n\nSELECT\n'\xff';", 4),
    ] {
        let error = pieces_by(script, 2, 100).unwrap_err();
        assert_eq!(error.line, line, "{error}");
    }
}

#[test]
fn memory_is_bounded_by_the_piece() {
    let mut splitter = Splitter::new(1 << 12);
    splitter.push(b"INSERT INTO t VALUES (0)");
    let (mut held, mut rows) = (0, 0);
    for n in 0..100_000 {
        splitter.push(format!(",({n})").as_bytes());
        while let Some(piece) = splitter.take().unwrap() {
            rows += piece.rows.len();
        }
        held = held.max(splitter.held_bytes());
    }
    splitter.end();
    rows += splitter.take().unwrap().map_or(0, |piece| piece.rows.len());
    assert_eq!(rows, 100_001);
    assert!(held < 1 << 14, "{held} bytes held");
}

#[test]
fn what_is_done_with_statements() {
    let step = |text: &str| {
        let piece = pieces_by(text.as_bytes(), 1000, 1000).unwrap().remove(0);
        Step::of(&piece).unwrap()
    };
    for skipped in [
        "\\c x",
        "SET search_path = ''",
        "PRAGMA foreign_keys=OFF",
        "CREATE DATABASE x",
        "SELECT pg_catalog.setval('a', 1)",
        "ALTER TABLE public.a OWNER TO me",
        "CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ ; $$",
        "INSERT INTO sqlite_sequence VALUES('a', 1)",
        "ALTER TABLE ONLY a ALTER COLUMN id SET DEFAULT nextval('s'::regclass)",
    ] {
        assert!(matches!(step(skipped), Step::Skip(_)), "{skipped}");
    }
    assert_eq!(step("BEGIN TRANSACTION"), Step::Transaction);
    assert_eq!(step("ROLLBACK; -- due to errors"), Step::GiveUp);
    assert_eq!(step("INSERT INTO a VALUES (1)"), Step::Load);
    assert_eq!(step("UPDATE a SET b = 1"), Step::Run);
    assert_eq!(step("DROP TABLE IF EXISTS [A]"), Step::Drop(vec!["A".into()]));
    let Step::Create { table, if_not_exists, sql, references } = step(
        "CREATE TABLE [A b] ([x] INT REFERENCES p ON DELETE CASCADE, y NVARCHAR(3) NOT NULL,
         CONSTRAINT k FOREIGN KEY (x, [y]) REFERENCES q (a, b) ON UPDATE SET NULL)",
    ) else {
        panic!("a table is created")
    };
    assert_eq!((table.as_str(), if_not_exists), ("A b", false));
    assert_eq!(sql, "CREATE TABLE [A b] ([x] INT, y NVARCHAR(3) NOT NULL)");
    let references: Vec<&str> = references.iter().map(|r| r.sql.as_str()).collect();
    let expected = [
        "ALTER TABLE [A b] ADD FOREIGN KEY ([x]) REFERENCES p ON DELETE CASCADE",
        "ALTER TABLE [A b] ADD CONSTRAINT k FOREIGN KEY (x, [y]) REFERENCES q (a, b) ON UPDATE SET NULL",
    ];
    assert_eq!(references, expected);
    let Step::Refer(references) =
        step("ALTER TABLE ONLY a ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES c (d)")
    else {
        panic!("a reference waits")
    };
    assert_eq!(
        references[0].sql,
        "ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES c (d)"
    );
}
