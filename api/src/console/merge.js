// What differs between two branches, and merging one into the other.

import * as api from './api.js';
import { cell, counted, h, notice, put, shown } from './dom.js';
import { go } from './state.js';

const POLICIES = [
  ['manual', 'ask me about conflicts'], ['source_wins', 'this branch wins'], ['target_wins', 'the target wins'],
  ['newest_wins', 'the newer edit wins'], ['abort', 'stop at any conflict'],
];

let against;

export async function showMerge({ branch, record, branches, redraw }) {
  const others = branches.map((other) => other.name).filter((name) => name !== branch);
  if (others.length === 0) return [h('p.soft', {}, 'There is one branch only. Make another, change something there, and come back.')];
  if (!others.includes(against)) against = others.includes(record.source_branch) ? record.source_branch : others[0];
  const target = h('select', { id: 'target', onchange: (event) => { against = event.target.value; redraw(); } },
    ...others.map((name) => h('option', { value: name, selected: name === against }, name)));
  const policy = h('select', { id: 'policy' }, ...POLICIES.map(([name, title]) => h('option', { value: name }, title)));
  const place = h('div', { id: 'outcome' });
  const send = async (dry_run, settled = {}) => {
    try {
      const done = await api.merge(branch, { target_branch: against, conflict_resolution: policy.value, dry_run, ...settled });
      const said = `${counted(done.changes_merged, 'row')} ${dry_run ? 'would change' : 'changed'} on ${against}; ${counted(done.conflicts_resolved, 'conflict')} settled`;
      put(place, h('p.chip.on', { id: 'merged' }, said));
      if (!dry_run) {
        notice(`${branch} is merged into ${against}`);
        go({ branch: against, tab: 'history', scn: undefined });
      }
    } catch (error) {
      if (error.code !== 'MERGE_CONFLICT') return put(place, h('p.error', {}, error.message));
      put(place, ...conflicts(error, branch, (settled) => send(dry_run, settled)));
    }
  };
  return [
    h('div.row', {}, h('span', {}, 'Merge '), h('b', {}, branch), h('span', {}, ' into '), target, policy,
      h('button', { id: 'try', onclick: () => send(true) }, 'Try'),
      h('button.main', { id: 'merge', onclick: () => send(false) }, 'Merge')),
    place, h('h2', {}, `What ${branch} holds differently from ${against}`), ...await differences(branch, against)];
}

function conflicts(error, branch, settle) {
  const { conflicts: open, conflict_token: token, conflict_count: count } = error.details;
  if (!open) return [h('p.error', {}, `${error.message} (${counted(count, 'conflict')})`)];
  const choices = open.map(() => undefined);
  const done = h('button.main', { id: 'settle', disabled: true, onclick: () => settle({
    conflict_token: token,
    resolutions: open.map((c, at) => ({ table: c.table, row_id: c.row_id, column: c.column ?? undefined, take: choices[at] })),
  }) }, 'Merge with these choices');
  const choose = (at, side) => {
    choices[at] = side;
    done.disabled = choices.includes(undefined);
  };
  const settles = (c) => c.row_id !== null;
  const side = (c, at, name, value) => h('td', {}, h('label', {},
    settles(c) && h('input', { type: 'radio', name: `conflict-${at}`, value: name, onchange: () => choose(at, name) }), ' ', shown(value)));
  const rows = open.map((c, at) => h('tr', {}, h('td', {}, c.table), h('td.mono', {}, c.row_id ?? ''), h('td', {}, c.column ?? 'whole row'),
    h('td', {}, h('span.chip.conflict', {}, c.conflict_type.replaceAll('_', ' / '))), cell(c.base_value),
    side(c, at, 'source', c.source_value), side(c, at, 'target', c.target_value)));
  const every = (name) => () => {
    for (const radio of body.querySelectorAll(`input[value=${name}]`)) radio.click();
  };
  const body = h('tbody', {}, ...rows);
  const heads = ['Table', 'Row', 'Column', 'Conflict', 'Before', `On ${branch}`, `On ${against}`];
  return [
    h('p.chip.warn', { id: 'conflict-count' }, `${counted(open.length, 'conflict')}: choose a side for each`),
    h('div.scroll', {}, h('table.data', { id: 'conflicts' }, h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', {}, head)))), body)),
    h('div.row', {}, h('button', { onclick: every('source') }, `All from ${branch}`), h('button', { onclick: every('target') }, `All from ${against}`), done)];
}

async function differences(branch, against) {
  const found = await api.diff(branch, against);
  if (found.tables.length === 0) return [h('p.soft', {}, 'Nothing: they hold the same.')];
  const tables = found.tables.map((table) => h('div.row', {}, h('b', {}, table.name),
    table.schema_change && h('span.chip.warn', {}, `table ${table.schema_change}`),
    h('span.chip.insert', {}, `+${table.inserts}`), h('span.chip', {}, `~${table.updates}`), h('span.chip.delete', {}, `−${table.deletes}`)));
  const rows = found.rows.map((row) => h('tr', {}, h('td', {}, row.table), h('td.mono', {}, row.row_id), h('td', {}, h(`span.chip.${row.change}`, {}, row.change)),
    h('td', {}, ...row.cells.flatMap((change, at) => [at > 0 && ', ', `${change.column}: `,
      row.change !== 'insert' && h('span.before', {}, shown(change.before)), row.change === 'update' && ' → ',
      row.change !== 'delete' && h('span.after', {}, shown(change.after))]).filter(Boolean))));
  const { total } = found.pagination;
  return [h('div.card', { id: 'diff-tables' }, ...tables),
    h('div.scroll', {}, h('table', { id: 'diff' }, h('tbody', {}, ...rows))),
    h('p.soft', {}, total > found.rows.length ? `The first ${found.rows.length} of ${total} rows.` : '')];
}
