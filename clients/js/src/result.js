/** Rows that came back: the answer's own fields, and ways to read them. */
export class Rows {
  constructor(answer) {
    Object.assign(this, answer);
  }

  /** The rows as objects; a repeated column is `id`, `id_2`. */
  *[Symbol.iterator]() {
    const names = unique(this.columns);
    for (const row of this.rows) yield Object.fromEntries(names.map((name, place) => [name, row[place]]));
  }

  /** All of them. */
  objects() {
    return [...this];
  }

  /** The first row, if there is one. */
  first() {
    return this[Symbol.iterator]().next().value;
  }

  /** The first value of the first row. */
  scalar() {
    return this.rows[0]?.[0];
  }
}

// Names for the columns that differ: the second `id` is `id_2`, or the next that is free.
function unique(columns) {
  const [taken, seen] = [new Set(columns), new Set()];
  return columns.map((column) => {
    let [name, number] = [column, 2];
    while (seen.has(name) || (name !== column && taken.has(name))) name = `${column}_${number++}`;
    seen.add(name);
    return name;
  });
}
