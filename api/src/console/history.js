// The line of a branch's commits, and its snapshots.

import * as api from './api.js';
import { ask, h, notice, when } from './dom.js';
import { go } from './state.js';
import { newBranch } from './main.js';

let limit = 50;

export async function showHistory({ branch, scn, redraw }) {
  const [entries, snapshots] = await Promise.all([api.history(branch, limit), api.snapshots(branch)]);
  const commits = entries.filter((entry) => entry.type === 'transaction');
  const lines = commits.map((entry) => h('tr', { 'data-scn': entry.scn },
    h('td.number', {}, entry.scn), h('td', {}, when(entry.timestamp)), h('td', {}, entry.summary ?? ''), h('td', {}, entry.user ?? ''),
    h('td', {},
      h('button.bare', { class: entry.scn === scn ? 'chip warn' : '', onclick: () => go({ tab: 'tables', scn: entry.scn }) }, 'Look'),
      h('button.bare', { onclick: () => newBranch(branch, entry.scn) }, 'Branch from here'))));
  const more = entries.length >= limit && h('button', { onclick: () => { limit *= 4; redraw(); } }, 'Older …');
  return [
    h('h2', {}, 'Commits'),
    h('div.scroll', {}, h('table', { id: 'commits' },
      h('thead', {}, h('tr', {}, ...['Commit', 'When', 'What', 'Who', ''].map((head) => h('th', {}, head)))),
      h('tbody', {}, ...lines))), more || '',
    h('h2', {}, 'Snapshots'),
    h('div.row', {}, h('button', { onclick: () => take(branch, redraw) }, 'Take a snapshot')),
    h('div.scroll', {}, h('table', { id: 'snapshots' }, h('tbody', {}, ...snapshots.map((shot) => snapshot(branch, shot, redraw)))))];
}

function snapshot(branch, shot, redraw) {
  const restore = () => ask(`Restore ${branch} to ${shot.name}?`,
    [['backup', 'Keep what is there now as a branch', h('input', { type: 'checkbox', checked: true })]], 'Restore', async ({ backup }) => {
      const done = await api.restore(branch, shot.id, backup);
      notice(done.backup_branch ? `restored; what was there is ${done.backup_branch}` : 'restored');
      redraw();
    });
  return h('tr', {}, h('td', {}, shot.name ?? shot.id), h('td', {}, when(shot.timestamp)), h('td.number', {}, shot.scn), h('td', {}, shot.type),
    h('td', {}, h('button.bare', { onclick: () => go({ tab: 'tables', scn: shot.scn }) }, 'Look'), h('button.bare', { onclick: restore }, 'Restore')));
}

const take = (branch, redraw) => ask('Take a snapshot', [['name', 'Name (may be left out)', h('input', { autofocus: true, autocomplete: 'off' })]], 'Take it',
  async ({ name }) => {
    await api.takeSnapshot(branch, name);
    redraw();
  });
