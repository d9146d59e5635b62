//! The tables, parents before children.

/// A table of Chinook.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Names and definitions of its columns.
    pub columns: &'static [(&'static str, &'static str)],
    /// How many of them, from the first on, are the primary key; whole numbers all.
    pub key: usize,
    /// Column, parent table and its key, for each foreign key.
    pub references: &'static [(&'static str, &'static str, &'static str)],
}

impl Table {
    /// The statement that creates it.
    pub fn ddl(&self) -> String {
        let columns = self.columns.iter().map(|(name, definition)| format!("{name} {definition}"));
        let key = std::iter::once(format!("PRIMARY KEY ({})", self.key_columns().join(", ")));
        let references = self.references.iter().map(|(column, parent, key)| {
            format!("FOREIGN KEY ({column}) REFERENCES {parent} ({key})")
        });
        let parts: Vec<String> = columns.chain(key).chain(references).collect();
        format!("CREATE TABLE {} ({})", self.name, parts.join(", "))
    }

    /// The names of its key's columns.
    pub fn key_columns(&self) -> Vec<&'static str> {
        self.columns[..self.key].iter().map(|(name, _)| *name).collect()
    }

    /// The names of its columns, with commas between.
    pub fn column_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(",")
    }

    /// Where a column stands.
    pub fn position(&self, column: &str) -> usize {
        let found = self.columns.iter().position(|(name, _)| *name == column);
        found.unwrap_or_else(|| panic!("{} has no column {column}", self.name))
    }
}

/// The table of this name.
pub fn table(name: &str) -> &'static Table {
    TABLES.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

/// All tables, parents first, so that they can be created and filled in this order.
pub const TABLES: [Table; 11] = [
    Table {
        name: "Genre",
        columns: &[("GenreId", "INTEGER NOT NULL"), ("Name", "NVARCHAR(120)")],
        key: 1,
        references: &[],
    },
    Table {
        name: "MediaType",
        columns: &[("MediaTypeId", "INTEGER NOT NULL"), ("Name", "NVARCHAR(120)")],
        key: 1,
        references: &[],
    },
    Table {
        name: "Artist",
        columns: &[("ArtistId", "INTEGER NOT NULL"), ("Name", "VARCHAR(120)")],
        key: 1,
        references: &[],
    },
    Table {
        name: "Album",
        columns: &[
            ("AlbumId", "INTEGER NOT NULL"),
            ("Title", "VARCHAR(160) NOT NULL"),
            ("ArtistId", "INTEGER NOT NULL"),
        ],
        key: 1,
        references: &[("ArtistId", "Artist", "ArtistId")],
    },
    Table {
        name: "Track",
        columns: &[
            ("TrackId", "INTEGER NOT NULL"),
            ("Name", "VARCHAR(200) NOT NULL"),
            ("AlbumId", "INTEGER"),
            ("MediaTypeId", "INTEGER NOT NULL"),
            ("GenreId", "INTEGER"),
            ("Composer", "VARCHAR(220)"),
            ("Milliseconds", "INTEGER NOT NULL"),
            ("Bytes", "INTEGER"),
            ("UnitPrice", "NUMERIC(10,2) NOT NULL"),
        ],
        key: 1,
        references: &[
            ("AlbumId", "Album", "AlbumId"),
            ("MediaTypeId", "MediaType", "MediaTypeId"),
            ("GenreId", "Genre", "GenreId"),
        ],
    },
    Table {
        name: "Employee",
        columns: &[
            ("EmployeeId", "INTEGER NOT NULL"),
            ("LastName", "VARCHAR(20) NOT NULL"),
            ("FirstName", "VARCHAR(20) NOT NULL"),
            ("Title", "VARCHAR(30)"),
            ("ReportsTo", "INTEGER"),
            ("BirthDate", "TIMESTAMP"),
            ("HireDate", "TIMESTAMP"),
            ("Address", "VARCHAR(70)"),
            ("City", "VARCHAR(40)"),
            ("State", "VARCHAR(40)"),
            ("Country", "VARCHAR(40)"),
            ("PostalCode", "VARCHAR(10)"),
            ("Phone", "VARCHAR(24)"),
            ("Fax", "VARCHAR(24)"),
            ("Email", "VARCHAR(60)"),
        ],
        key: 1,
        references: &[("ReportsTo", "Employee", "EmployeeId")],
    },
    Table {
        name: "Customer",
        columns: &[
            ("CustomerId", "INTEGER NOT NULL"),
            ("FirstName", "VARCHAR(40) NOT NULL"),
            ("LastName", "VARCHAR(20) NOT NULL"),
            ("Company", "VARCHAR(80)"),
            ("Address", "VARCHAR(70)"),
            ("City", "VARCHAR(40)"),
            ("State", "VARCHAR(40)"),
            ("Country", "VARCHAR(40)"),
            ("PostalCode", "VARCHAR(10)"),
            ("Phone", "VARCHAR(24)"),
            ("Fax", "VARCHAR(24)"),
            ("Email", "VARCHAR(60) NOT NULL"),
            ("SupportRepId", "INTEGER"),
        ],
        key: 1,
        references: &[("SupportRepId", "Employee", "EmployeeId")],
    },
    Table {
        name: "Invoice",
        columns: &[
            ("InvoiceId", "INTEGER NOT NULL"),
            ("CustomerId", "INTEGER NOT NULL"),
            ("InvoiceDate", "TIMESTAMP NOT NULL"),
            ("BillingAddress", "VARCHAR(70)"),
            ("BillingCity", "VARCHAR(40)"),
            ("BillingState", "VARCHAR(40)"),
            ("BillingCountry", "VARCHAR(40)"),
            ("BillingPostalCode", "VARCHAR(10)"),
            ("Total", "NUMERIC(10,2) NOT NULL"),
        ],
        key: 1,
        references: &[("CustomerId", "Customer", "CustomerId")],
    },
    Table {
        name: "InvoiceLine",
        columns: &[
            ("InvoiceLineId", "INTEGER NOT NULL"),
            ("InvoiceId", "INTEGER NOT NULL"),
            ("TrackId", "INTEGER NOT NULL"),
            ("UnitPrice", "NUMERIC(10,2) NOT NULL"),
            ("Quantity", "INTEGER NOT NULL"),
        ],
        key: 1,
        references: &[("InvoiceId", "Invoice", "InvoiceId"), ("TrackId", "Track", "TrackId")],
    },
    Table {
        name: "Playlist",
        columns: &[("PlaylistId", "INTEGER NOT NULL"), ("Name", "NVARCHAR(120)")],
        key: 1,
        references: &[],
    },
    Table {
        name: "PlaylistTrack",
        columns: &[("PlaylistId", "INTEGER NOT NULL"), ("TrackId", "INTEGER NOT NULL")],
        key: 2,
        references: &[("PlaylistId", "Playlist", "PlaylistId"), ("TrackId", "Track", "TrackId")],
    },
];
