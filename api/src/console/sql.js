// A statement and what it gives.

import * as api from './api.js';
import { cell, h, put } from './dom.js';

const READS = /^\s*(SELECT|WITH|VALUES|EXPLAIN(?!\s+ANALYZE\s+(INSERT|UPDATE|DELETE|REPLACE)\b)|SHOW|PRAGMA|TABLE|DESCRIBE)\b/i;
const KEPT = 'offshoot statements';
let draft = 'SELECT name FROM sqlite_master';

export async function showSql({ branch, scn, redraw }) {
  const text = h('textarea', { id: 'sql', rows: 7, spellcheck: false, value: draft, 'aria-label': 'SQL' });
  const answer = h('div', { id: 'answer' });
  const send = async (prefix = '') => {
    draft = text.value;
    const chosen = text.value.slice(text.selectionStart, text.selectionEnd).trim() || text.value.trim();
    const sql = prefix + chosen.replace(/;\s*$/, '');
    keep(chosen);
    put(answer, h('p.soft', {}, 'running …'));
    try {
      const reads = READS.test(sql);
      const given = reads ? await api.run(branch, sql, scn) : await api.execute(branch, sql);
      put(answer, ...result(given));
      if (!reads) redraw();
    } catch (error) {
      put(answer, h('p.error', {}, `${error.code ?? 'Error'}: ${error.message}`));
    }
  };
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send();
  });
  const past = h('select', { 'aria-label': 'Earlier statements', onchange: (event) => { text.value = event.target.value; } },
    h('option', { value: '' }, 'Earlier …'), ...kept().map((sql) => h('option', { value: sql }, sql.slice(0, 70))));
  if (last && last.branch === branch) put(answer, ...last.nodes);
  last = { branch, nodes: [] };
  new MutationObserver(() => { last = { branch, nodes: [...answer.childNodes] }; }).observe(answer, { childList: true });
  return [text, h('div.row', {},
    h('button.main', { id: 'run', onclick: () => send() }, 'Run'),
    h('button', { onclick: () => send('EXPLAIN ') }, 'Explain'),
    h('button', { onclick: () => send('EXPLAIN ANALYZE ') }, 'Analyze'), past,
    h('span.soft', {}, 'Ctrl+Enter runs; a selection runs alone.')), answer];
}

// The answer outlives a drawing of the frame, which a write asks for.
let last;

function result(given) {
  const said = given.row_count !== undefined
    ? `${given.row_count} rows in ${given.execution_time_ms} ms`
    : `${given.statement_type}: ${given.affected_rows} rows, commit ${given.scn}`;
  const parts = [h('p.soft', { id: 'said' }, said)];
  if (given.columns?.length) {
    const heads = given.columns.map((name, at) => h('th', {}, name, h('span.type', {}, given.column_types?.[at] ?? '')));
    const rows = given.rows.map((row) => h('tr', {}, ...row.map((value) => cell(value))));
    parts.push(h('div.scroll', {}, h('table.data', {}, h('thead', {}, h('tr', {}, ...heads)), h('tbody', {}, ...rows))));
  }
  return parts;
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? '[]');
  } catch {
    return [];
  }
}

function keep(sql) {
  localStorage.setItem(KEPT, JSON.stringify([sql, ...kept().filter((old) => old !== sql)].slice(0, 30)));
}
