// Branches as lines of commits.

import * as api from './api.js';
import { h, s, when } from './dom.js';
import { go } from './state.js';

const LIMIT = 300;
const [STEP_X, STEP_Y, LEFT, TOP] = [22, 28, 16, 18];
const COLOURS = ['#1b8a5a', '#3b6fd4', '#b5561c', '#8a4bb8', '#0f8b8d', '#b03060', '#7a7a1f', '#5a5f73'];

export async function showGraph() {
  const { branches, commits, truncated } = await api.graph(LIMIT);
  const ids = new Map(commits.map((commit, row) => [commit.id, row]));
  // Each commit belongs to one line: that of the oldest branch whose first parents lead to it.
  const lane = new Map();
  const fromMain = [...branches].sort((a, b) => (b.name === 'main') - (a.name === 'main'));
  fromMain.forEach((branch, number) => {
    for (let id = branch.head; ids.has(id) && !lane.has(id); id = commits[ids.get(id)].parents[0]) lane.set(id, number);
  });
  const x = (id) => LEFT + (lane.get(id) ?? fromMain.length) * STEP_X;
  const y = (id) => TOP + ids.get(id) * STEP_Y;
  const colour = (id) => COLOURS[(lane.get(id) ?? 0) % COLOURS.length];
  const heads = new Map();
  for (const branch of branches) heads.set(branch.head, [...(heads.get(branch.head) ?? []), branch.name]);
  const width = LEFT + fromMain.length * STEP_X + 12;
  const lines = commits.flatMap((commit) => commit.parents.filter((parent) => ids.has(parent)).map((parent) => {
    const [x1, y1, x2, y2] = [x(commit.id), y(commit.id), x(parent), y(parent)];
    const path = x1 === x2 ? `M${x1} ${y1}V${y2}` : `M${x1} ${y1}C${x1} ${y1 + STEP_Y} ${x2} ${y1} ${x2} ${Math.min(y1 + STEP_Y, y2)}V${y2}`;
    return s('path', { d: path, fill: 'none', stroke: x1 < x2 ? colour(parent) : colour(commit.id), 'stroke-width': 2 });
  }));
  const dots = commits.map((commit) => {
    const owner = fromMain[lane.get(commit.id)]?.name;
    const names = heads.get(commit.id) ?? [];
    const look = () => owner && go({ branch: owner, tab: 'tables', scn: names.length ? undefined : commit.scn, table: undefined });
    return s('g', { class: 'commit', tabindex: 0, role: 'link', onclick: look, onkeydown: (e) => e.key === 'Enter' && look() },
      s('title', {}, `commit ${commit.scn}, ${commit.timestamp}`),
      s('rect', { x: 0, y: y(commit.id) - STEP_Y / 2, width: 900, height: STEP_Y, fill: 'transparent' }),
      s('circle', { cx: x(commit.id), cy: y(commit.id), r: names.length ? 6 : 4, fill: colour(commit.id) }),
      s('text', { x: width, y: y(commit.id) + 4 },
        s('tspan', { 'font-weight': 650, fill: colour(commit.id) }, names.length ? `${names.join(', ')}  ` : ''),
        `${commit.scn}  ${commit.summary ?? ''}`.slice(0, 90),
        s('tspan', { class: 'soft', dx: 10 }, when(commit.timestamp))));
  });
  const height = TOP * 2 + commits.length * STEP_Y;
  return [h('p.soft', {}, truncated ? `The newest ${commits.length} commits.` : `All ${commits.length} commits.`, ' Click one to look at that moment.'),
    s('svg', { id: 'graph', width: '100%', height, viewBox: `0 0 900 ${height}`, preserveAspectRatio: 'xMinYMin meet' }, ...lines, ...dots)];
}
