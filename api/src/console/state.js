// Where the reader is: a branch, a tab, a table, a moment. It lives in the address, so that back,
// forward and links work.

export const TABS = [['tables', 'Tables'], ['sql', 'SQL'], ['history', 'History'], ['merge', 'Diff & merge'], ['graph', 'Graph']];

/** Reads the address: `#/BRANCH/TAB/TABLE?scn=7`. */
export function here() {
  const [path, fields] = location.hash.replace(/^#\/?/, '').split('?');
  const [branch = '', tab = '', table = ''] = path.split('/').map(decodeURIComponent);
  const scn = new URLSearchParams(fields ?? '').get('scn');
  return {
    branch: branch || 'main',
    tab: TABS.some(([name]) => name === tab) ? tab : 'tables',
    table: table || undefined,
    scn: scn === null ? undefined : Number(scn),
  };
}

/** The address of a place; what is not named stays as it is. */
export function address(changes) {
  const { branch, tab, table, scn } = { ...here(), ...changes };
  const parts = [branch, tab, table].filter((part) => part !== undefined).map(encodeURIComponent);
  return `#/${parts.join('/')}${scn === undefined ? '' : `?scn=${scn}`}`;
}

/** Goes there. */
export function go(changes) {
  const to = address(changes);
  if (to === location.hash) window.dispatchEvent(new Event('hashchange'));
  else location.hash = to;
}
