// Elements made of data. Text is always text: nothing from the database becomes markup.

/** An element: `h('a.chip', {href: '#/'}, 'text', child)`; `on…` properties are listeners. */
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  element.classList.add(...classes);
  return dress(element, properties, children);
}

/** The same for SVG. */
export function s(tag, properties = {}, ...children) {
  return dress(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

function dress(element, properties, children) {
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'value' || key === 'checked' || key === 'disabled') element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...present(children));
  return element;
}

// What is undefined, null or false stands for nothing.
const present = (children) => children.flat().filter((child) => child !== undefined && child !== null && child !== false);

/** Puts these into an element, in place of what was there. */
export function put(element, ...children) {
  element.replaceChildren(...present(children));
}

/** How a value of the database is shown. */
export function shown(value) {
  if (value === null || value === undefined) return h('span.null', {}, 'null');
  if (typeof value === 'object') return JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v));
  return String(value);
}

/** A cell of a table. */
export function cell(value, properties = {}) {
  const number = typeof value === 'number' || typeof value === 'bigint';
  return h(number ? 'td.number' : 'td', { title: value === null ? undefined : textOf(value), ...properties }, shown(value));
}

/** A value as plain text. */
export function textOf(value) {
  const made = shown(value);
  return typeof made === 'string' ? made : made.textContent;
}

/** So many of them: `counted(1, 'row')` is `1 row`. */
export function counted(number, noun) {
  return `${number} ${noun}${Number(number) === 1 ? '' : 's'}`;
}

/** A moment, short. */
export function when(time) {
  const date = new Date(time);
  const today = new Date().toDateString() === date.toDateString();
  return today ? date.toLocaleTimeString() : date.toLocaleString();
}

/** A message that goes away by itself. */
export function notice(text) {
  const note = h('div', {}, text);
  document.getElementById('notices').append(note);
  setTimeout(() => note.remove(), 6000);
}

/**
 * Asks with a dialog. `fields` are `[name, label, element]`; gives their values, or null where it was
 * dismissed. `act` is done while the dialog is open: where it throws, the dialog says why and stays.
 */
export function ask(title, fields, action, act = async () => {}) {
  return new Promise((resolve) => {
    const trouble = h('p.error', { hidden: true });
    const labels = fields.map(([, label, element]) => h('label', {}, label, element));
    const close = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const send = async (event) => {
      event.preventDefault();
      const values = Object.fromEntries(fields.map(([name, , e]) => [name, e.type === 'checkbox' ? e.checked : e.value]));
      try {
        close(await act(values) ?? values);
      } catch (error) {
        trouble.textContent = error.message;
        trouble.hidden = false;
      }
    };
    const buttons = h('div.row', {},
      h('button', { type: 'button', onclick: () => close(null) }, 'Cancel'),
      h('button.main', { type: 'submit' }, action));
    const dialog = h('dialog', { oncancel: () => close(null) },
      h('form', { onsubmit: send }, h('h2', {}, title), ...labels, trouble, buttons));
    document.body.append(dialog);
    dialog.showModal();
  });
}
