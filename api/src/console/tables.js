// Tables and their rows: sorted, filtered, paged, and changed in place.

import * as api from './api.js';
import { ask, cell, counted, h, notice, put, textOf } from './dom.js';
import { address, go } from './state.js';

const NUMBERS = /INT|SERIAL|REAL|DOUBLE|FLOAT/i;

/** What is kept while one looks at one table. */
const view = { of: '', page: 1, order: '', filter: '' };

export async function showTables({ branch, table, scn, redraw }) {
  const tables = await api.tables(branch);
  const known = tables.find((t) => t.name === table) ?? tables[0];
  if (!known) {
    return [h('p.soft', {}, 'There is no table here yet. Make one under SQL:'),
      h('pre.card.mono', {}, 'CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)'),
      h('button.main', { onclick: () => go({ tab: 'sql' }) }, 'Write SQL')];
  }
  const names = tables.map((t) => h('button', {
    class: t.name === known.name ? 'main' : '', onclick: () => go({ table: t.name }),
  }, t.name, ' ', h('span', {}, `${t.row_count}`)));
  if (view.of !== known.name) Object.assign(view, { of: known.name, page: 1, order: '', filter: '' });
  const [pages, rows] = [h('span.row'), h('div')];
  const about = { branch, scn, known, redraw, pages, rows };
  about.draw = () => drawRows(about);
  await about.draw();
  return [h('div.row', { id: 'table-names' }, ...names), bar(about), rows];
}

async function drawRows(about) {
  const { branch, scn, known, draw, pages, rows } = about;
  // An answer that a later question overtook is dropped.
  const mine = about.asked = (about.asked ?? 0) + 1;
  put(pages);
  let answer;
  try {
    answer = await api.page(branch, known.name, { page: view.page, limit: 100, order_by: view.order, filter: view.filter }, scn);
  } catch (error) {
    // A table that was not there yet has no rows to sort.
    if (mine === about.asked) put(rows, h('p.error', {}, error.message));
    return;
  }
  if (mine !== about.asked) return;
  const types = new Map(known.columns.map((column) => [column.name, column]));
  const heads = answer.columns.map((name) => {
    const column = types.get(name);
    const mark = view.order === quote(name) ? ' ↑' : view.order === `${quote(name)} DESC` ? ' ↓' : '';
    const turn = () => {
      view.order = mark === ' ↑' ? `${quote(name)} DESC` : quote(name);
      view.page = 1;
      draw();
    };
    return h(NUMBERS.test(column?.type) ? 'th.number' : 'th', { role: 'button', tabindex: 0, onclick: turn, onkeydown: (e) => e.key === 'Enter' && turn() },
      name, mark, column && h('span.type', {}, column.type, column.primary_key ? ' key' : ''));
  });
  const key = known.columns.filter((column) => column.primary_key).map((column) => column.name);
  const changes = scn === undefined && key.length > 0 && key.every((name) => answer.columns.includes(name));
  const lines = answer.rows.map((row) => line(row, answer.columns, { ...about, key, types, changes }));
  turns(about, answer.pagination);
  put(rows,
    h('div.scroll', {}, h('table.data', { id: 'rows' },
      h('thead', {}, h('tr', {}, ...heads, changes && h('th'))), h('tbody', {}, ...lines))),
    h('p.soft', {}, changes ? 'Double-click a cell to change it.' : scn === undefined ? 'Without a primary key, change rows with SQL.' : ''));
}

// What is typed here stays while rows are drawn anew.
function bar({ branch, known, scn, draw, redraw, pages }) {
  const filter = h('input.grow', { id: 'filter', placeholder: "Filter, such as  total > 5 AND name LIKE 'A%'", value: view.filter, 'aria-label': 'Filter' });
  const apply = (event) => {
    event.preventDefault();
    Object.assign(view, { filter: filter.value.trim(), page: 1 });
    draw();
  };
  return h('form.row', { onsubmit: apply }, filter, h('button', {}, 'Filter'),
    scn === undefined && h('button', { type: 'button', onclick: () => addRow(branch, known, redraw) }, 'Add a row'), pages);
}

function turns({ draw, pages }, { page, total, total_pages: last }) {
  const turn = (by) => () => {
    view.page += by;
    draw();
  };
  put(pages, h('span.soft', {}, counted(total, 'row')), last > 1 && [
    h('button', { type: 'button', disabled: page <= 1, onclick: turn(-1), 'aria-label': 'Page before' }, '‹'),
    h('span.soft', {}, `${page} of ${last}`),
    h('button', { type: 'button', disabled: page >= last, onclick: turn(1), 'aria-label': 'Next page' }, '›')]);
}

function line(row, columns, { branch, known, key, types, changes, draw, redraw }) {
  const where = () => key.map((name) => `${quote(name)} = ${literal(row[columns.indexOf(name)])}`).join(' AND ');
  const cells = row.map((value, at) => {
    const column = types.get(columns[at]);
    if (!changes || !column) return cell(value);
    const edit = (event) => edits(event.currentTarget, value, column, async (given) => {
      await api.update(branch, known.name, where(), { [column.name]: given });
      draw();
    });
    const made = cell(value, { ondblclick: edit });
    made.classList.add('edits');
    return made;
  });
  const drop = () => ask('Delete this row?', [], 'Delete', async () => {
    await api.remove(branch, known.name, where());
    redraw();
  });
  return h('tr', {}, ...cells, changes && h('td', {}, h('button.bare.danger', { onclick: drop, 'aria-label': 'Delete this row' }, '✕')));
}

function edits(place, value, column, save) {
  if (place.querySelector('input')) return;
  const input = h('input', { value: value === null ? '' : textOf(value), placeholder: 'null', 'aria-label': column.name });
  const before = [...place.childNodes];
  const back = () => put(place, ...before);
  input.addEventListener('keydown', async (event) => {
    if (event.key === 'Escape') back();
    if (event.key !== 'Enter') return;
    try {
      await save(given(input.value, column));
    } catch (error) {
      notice(error.message);
      input.focus();
    }
  });
  input.addEventListener('blur', back);
  put(place, input);
  input.focus();
  input.select();
}

async function addRow(branch, known, redraw) {
  const fields = known.columns.map((column) => [column.name, `${column.name} (${column.type}${column.nullable ? '' : ', required'})`, h('input', { autocomplete: 'off' })]);
  await ask(`New row of ${known.name}`, fields, 'Insert', async (values) => {
    const filled = known.columns.filter((column) => values[column.name] !== '');
    await api.insert(branch, known.name, [Object.fromEntries(filled.map((column) => [column.name, given(values[column.name], column)]))]);
    notice('the row is in');
    redraw();
  });
}

/** What was typed, as the JSON that a column takes. Nothing means null. */
function given(text, { type, nullable }) {
  const kind = type.toUpperCase();
  if (text === '' && (nullable || !/CHAR|TEXT/.test(kind))) return null;
  if (/INT|SERIAL/.test(kind) && /^-?\d+$/.test(text)) return BigInt(text);
  if (/REAL|DOUBLE|FLOAT/.test(kind) && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  if (/BOOL/.test(kind) && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (/JSON/.test(kind)) return JSON.parse(text);
  return text;
}

/** A name in SQL. */
export function quote(name) {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(value) {
  if (value === null) return 'NULL';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return `'${textOf(value).replaceAll("'", "''")}'`;
}
