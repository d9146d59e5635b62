// The frame around the pages: branches at the side, the branch and its moment at the top.

import * as api from './api.js';
import { ask, counted, h, notice, put, when } from './dom.js';
import { TABS, address, go, here } from './state.js';
import { showTables } from './tables.js';
import { showSql } from './sql.js';
import { showHistory } from './history.js';
import { showMerge } from './merge.js';
import { showGraph } from './graph.js';

const PAGES = { tables: showTables, sql: showSql, history: showHistory, merge: showMerge, graph: showGraph };
const $ = (id) => document.getElementById(id);

let drawing = 0;

/** Draws everything anew. A drawing that another overtook is dropped. */
async function draw() {
  const mine = (drawing += 1);
  const place = here();
  const page = $('page');
  try {
    const branches = await api.branches();
    if (mine !== drawing) return;
    side(branches, place);
    const branch = await api.branch(place.branch);
    const content = await PAGES[place.tab]({ ...place, record: branch, branches, redraw: draw });
    if (mine !== drawing) return;
    top(branch, place);
    tabs(place);
    put(page, ...content);
  } catch (error) {
    if (mine !== drawing) return;
    if (error.code === 'BRANCH_NOT_FOUND' && place.branch !== 'main') return go({ branch: 'main', scn: undefined, table: undefined });
    tabs(place);
    put(page, h('p.error', {}, error.message));
  }
}

function side(branches, place) {
  // A branch stands below the one it was made from.
  const below = new Map();
  const names = new Set(branches.map((branch) => branch.name));
  for (const branch of branches) {
    const parent = names.has(branch.source_branch) && branch.source_branch !== branch.name ? branch.source_branch : null;
    below.set(parent, [...(below.get(parent) ?? []), branch]);
  }
  const lines = [];
  const list = (parent, depth) => {
    const children = (below.get(parent) ?? []).sort((a, b) => a.created_at.localeCompare(b.created_at));
    for (const branch of children) {
      const to = address({ branch: branch.name, scn: undefined, table: undefined });
      lines.push(h('a', { href: to, 'aria-current': branch.name === place.branch ? 'page' : undefined, title: branch.name },
        depth > 0 && h('span.twig', {}, `${'\u2003'.repeat(Math.min(depth, 6) - 1)}└`),
        h('span.name', {}, branch.name),
        branch.is_protected && h('span.chip', { title: 'takes merges only' }, 'protected'),
        branch.status === 'merged' && h('span.chip.on', {}, 'merged')));
      list(branch.name, depth + 1);
    }
  };
  list(null, 0);
  put($('branches'), ...lines);
}

function top(branch, place) {
  const past = place.scn !== undefined;
  const { divergence, stats } = branch;
  const rename = async () => {
    await api.changeBranch(branch.name, { is_protected: !branch.is_protected });
    notice(branch.is_protected ? `${branch.name} takes writes again` : `${branch.name} takes merges only`);
    draw();
  };
  const drop = () => ask(`Delete ${branch.name}?`,
    [['force', 'Also where its commits were merged nowhere', h('input', { type: 'checkbox' })]], 'Delete', async ({ force }) => {
      await api.deleteBranch(branch.name, force);
      notice(`${branch.name} is deleted`);
      go({ branch: branch.source_branch ?? 'main', table: undefined, scn: undefined });
    });
  put($('top'),
    h('h1', {}, branch.name),
    branch.source_branch && h('span.soft', {}, `from ${branch.source_branch}`),
    stats && h('span.chip', {}, `${counted(stats.tables, 'table')} · ${counted(stats.rows, 'row')}`),
    divergence && h('span.chip', {}, `${divergence.commits_ahead} ahead · ${divergence.commits_behind} behind`),
    past && h('span.chip.warn', { id: 'moment' }, `as of commit ${place.scn}: nothing can be changed here`),
    past && h('button', { onclick: () => go({ scn: undefined }) }, 'Back to now'),
    h('span.grow'),
    h('button.bare', { onclick: rename }, branch.is_protected ? 'Unprotect' : 'Protect'),
    !branch.is_default && h('button.bare.danger', { onclick: drop, disabled: branch.is_protected }, 'Delete'));
  document.title = `${branch.name} · Offshoot`;
}

function tabs(place) {
  put($('tabs'), ...TABS.map(([tab, title]) =>
    h('a', { href: address({ tab, table: undefined }), role: 'tab', id: `tab-${tab}`, 'aria-selected': String(tab === place.tab) }, title)));
}

/** Asks for a new branch and goes there. */
export async function newBranch(from, scn) {
  const list = await api.branches();
  const source = h('select', {}, ...list.map((b) => h('option', { value: b.name, selected: b.name === from }, b.name)));
  const title = scn === undefined ? 'New branch' : `New branch from ${from} as of commit ${scn}`;
  const name = h('input', { required: true, autofocus: true, pattern: '\\S+', autocomplete: 'off' });
  const fields = [['name', 'Name', name]];
  if (scn === undefined) fields.push(['source', 'From', source]);
  await ask(title, fields, 'Create', async (given) => {
    const as_of = scn === undefined ? undefined : { type: 'scn', value: scn };
    await api.createBranch({ name: given.name, source_branch: given.source ?? from, as_of });
    notice(`${given.name} is made; it cost nothing`);
    go({ branch: given.name, scn: undefined });
  });
}

$('new-branch').addEventListener('click', () => newBranch(here().branch, here().scn));
window.addEventListener('hashchange', draw);
window.addEventListener('unhandledrejection', (event) => notice(event.reason?.message ?? String(event.reason)));
api.version().then((version) => { $('version').textContent = version.version; });
draw();
