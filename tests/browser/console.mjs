// The console in a real browser, as a person uses it: make a branch, edit on both sides, merge with a
// conflict, look at the past. `node console.mjs PROGRAM [FOLDER FOR SCREENSHOTS]`.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { chromium } from 'playwright-core';

const [PROGRAM, SHOTS] = [process.env.OFFSHOOT_BIN, process.env.OFFSHOOT_SCREENSHOTS];
const BROWSER = process.env.OFFSHOOT_CHROMIUM ?? '/usr/bin/chromium';

let folder, server, base, browser, page;
const complaints = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offshoot-console-'));
  server = spawn(PROGRAM, ['serve', '--listen', '127.0.0.1:0', '--data', join(folder, 'shop.offshoot')], { stdio: ['ignore', 'pipe', 'inherit'] });
  base = await new Promise((resolve, reject) => {
    let said = '';
    server.stdout.on('data', (chunk) => {
      said += chunk;
      const found = said.match(/http:\/\/[\d.]+:\d+/);
      if (found) resolve(found[0]);
    });
    server.on('exit', () => reject(new Error(`the server ended: ${said}`)));
  });
  browser = await chromium.launch({
    executablePath: BROWSER,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  page = await browser.newPage({ viewport: { width: 1240, height: 760 } });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('request', (request) => {
    if (!request.url().startsWith(base)) complaints.push(`asked elsewhere: ${request.url()}`);
  });
});

after(async () => {
  await browser?.close();
  if (server && server.exitCode === null) {
    server.kill('SIGTERM');
    await new Promise((resolve) => server.on('exit', resolve));
  }
  if (folder) await rm(folder, { recursive: true });
});

const tab = (name) => page.click(`#tab-${name}`);
const shot = async (name) => SHOTS && page.screenshot({ path: join(SHOTS, `${name}.png`) });
const rows = () => page.$$eval('#rows tbody tr', (lines) => lines.map((line) => [...line.cells].map((cell) => cell.textContent)));

async function sql(text) {
  await tab('sql');
  await page.fill('#sql', text);
  await page.click('#run');
  await page.waitForSelector('#said, #answer .error');
  const trouble = await page.$('#answer .error');
  assert.equal(trouble && await trouble.textContent(), null);
}

async function edit(row, column, value) {
  await page.dblclick(`#rows tbody tr:nth-child(${row}) td:nth-child(${column})`);
  await page.fill(`#rows tbody tr:nth-child(${row}) td:nth-child(${column}) input`, value);
  await page.keyboard.press('Enter');
  await page.waitForFunction(([r, c, v]) => {
    const cell = document.querySelector(`#rows tbody tr:nth-child(${r}) td:nth-child(${c})`);
    return cell && !cell.querySelector('input') && cell.textContent === v;
  }, [row, column, value]);
}

async function answerDialog(fields, button) {
  for (const [label, value] of fields) await page.getByLabel(label, { exact: false }).last().fill(value);
  await page.locator('dialog').getByRole('button', { name: button }).click();
  await page.waitForSelector('dialog', { state: 'detached' });
}

test('an empty database says how to begin', async () => {
  await page.goto(base);
  await page.getByText('There is no table here yet').waitFor();
  assert.equal(await page.textContent('#branches a[aria-current] .name'), 'main');
});

test('SQL makes a table and shows rows', async () => {
  await sql("CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(8,2), stock INTEGER, big BIGINT)");
  await sql("INSERT INTO products VALUES (1, 'Birch desk', 249.00, 4, 9007199254740993), (2, 'Oak shelf', 89.50, 12, NULL), (3, '<b>Lamp</b>', 39.90, 30, NULL)");
  await sql('SELECT name, big FROM products ORDER BY id LIMIT 1');
  assert.deepEqual(await page.$$eval('#answer td', (cells) => cells.map((c) => c.textContent)), ['Birch desk', '9007199254740993']);
  await page.fill('#sql', 'SELECT nothing FROM products');
  await page.click('#run');
  assert.match(await page.textContent('#answer .error'), /nothing/);
});

test('rows are shown as text, sorted, filtered and added', async () => {
  await tab('tables');
  await page.waitForSelector('#rows');
  assert.equal((await rows())[2][1], '<b>Lamp</b>');
  await page.click('#rows th:nth-child(3)');
  await page.waitForFunction(() => document.querySelector('#rows tbody td:nth-child(3)').textContent === '39.90');
  await page.click('#rows th:nth-child(1)');
  await page.fill('#filter', "stock > 5 AND name LIKE 'O%'");
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('#rows tbody tr').length === 1);
  await page.fill('#filter', '');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('#rows tbody tr').length === 3);
  await page.getByRole('button', { name: 'Add a row' }).click();
  await answerDialog([['name (', 'Stool'], ['price (', '25.00']], 'Insert');
  await page.waitForFunction(() => document.querySelectorAll('#rows tbody tr').length === 4);
  assert.deepEqual((await rows())[3].slice(0, 5), ['4', 'Stool', '25.00', 'null', 'null']);
});

test('a branch is made, and both sides are edited', async () => {
  await page.click('#new-branch');
  await answerDialog([['Name', 'sale']], 'Create');
  await page.waitForFunction(() => document.querySelector('#top h1').textContent === 'sale');
  await page.waitForSelector('#rows');
  await edit(1, 3, '199.00');
  await edit(2, 4, '11');
  await page.click('#branches a:first-child');
  await page.waitForFunction(() => document.querySelector('#top h1').textContent === 'main');
  await page.waitForFunction(() => document.querySelector('#rows tbody td:nth-child(3)')?.textContent === '249.00');
  await edit(1, 3, '259.00');
  await shot('tables');
  assert.doesNotMatch(await page.textContent('main'), /undefined|false|\[object/);
});

test('what differs is shown, a dry run changes nothing, and a conflict is settled', async () => {
  await page.locator('#branches a', { hasText: 'sale' }).click();
  await page.waitForFunction(() => document.querySelector('#top h1').textContent === 'sale');
  await tab('merge');
  await page.waitForSelector('#diff');
  const differs = await page.textContent('#diff');
  assert.match(differs, /price: 259\.00 → 199\.00/);
  assert.match(differs, /stock: 12 → 11/);
  await page.click('#try');
  await page.waitForSelector('#conflicts');
  assert.equal(await page.textContent('#conflict-count'), '1 conflict: choose a side for each');
  assert.ok(await page.isDisabled('#settle'));
  await page.click('#conflicts input[value=source]');
  await shot('merge');
  await page.click('#settle');
  await page.waitForSelector('#merged');
  assert.match(await page.textContent('#merged'), /2 rows would change on main; 1 conflict settled/);
  await page.click('#merge');
  await page.waitForSelector('#conflicts');
  await page.click('#conflicts input[value=source]');
  await page.click('#settle');
  await page.waitForFunction(() => document.querySelector('#top h1').textContent === 'main');
  await tab('tables');
  await page.waitForFunction(() => document.querySelector('#rows tbody td:nth-child(3)')?.textContent === '199.00');
  assert.equal((await rows())[1][3], '11');
});

test('the past is looked at, cannot be changed, and becomes a branch', async () => {
  await tab('history');
  await page.waitForSelector('#commits');
  await shot('history');
  const before = page.locator('#commits tr', { hasText: 'INSERT INTO products (3 rows)' });
  await before.getByRole('button', { name: 'Look' }).click();
  await page.waitForSelector('#moment');
  await page.waitForFunction(() => document.querySelector('#rows tbody td:nth-child(3)')?.textContent === '249.00');
  assert.equal((await rows()).length, 3);
  await page.dblclick('#rows tbody td:nth-child(3)');
  assert.equal(await page.$('#rows input'), null);
  await page.click('#new-branch');
  await answerDialog([['Name', 'as-it-was']], 'Create');
  await page.waitForFunction(() => document.querySelector('#top h1').textContent === 'as-it-was');
  await page.waitForFunction(() => document.querySelectorAll('#rows tbody tr').length === 3);
  await page.goBack();
  await page.waitForSelector('#moment');
  await page.getByRole('button', { name: 'Back to now' }).click();
  await page.waitForFunction(() => document.querySelectorAll('#rows tbody tr').length === 4);
});

test('a snapshot is taken and restored', async () => {
  await tab('history');
  await page.getByRole('button', { name: 'Take a snapshot' }).click();
  await answerDialog([['Name', 'before-clearance']], 'Take it');
  await sql('DELETE FROM products WHERE id > 1');
  await tab('history');
  await page.locator('#snapshots tr', { hasText: 'before-clearance' }).getByRole('button', { name: 'Restore' }).click();
  await answerDialog([], 'Restore');
  await tab('tables');
  await page.waitForFunction(() => document.querySelectorAll('#rows tbody tr').length === 4);
});

test('the graph shows every branch and leads to a moment', async () => {
  await tab('graph');
  await page.waitForSelector('#graph .commit');
  const text = await page.textContent('#graph');
  for (const name of ['main', 'sale', 'as-it-was']) assert.ok(text.includes(name), name);
  await shot('graph');
  await page.locator('#graph .commit', { hasText: 'CREATE TABLE' }).first().click();
  await page.waitForSelector('#moment');
});

test('a protected branch refuses, a branch is deleted', async () => {
  await page.goto(`${base}/#/main/tables/products`);
  await page.waitForSelector('#rows');
  await page.getByRole('button', { name: 'Protect', exact: true }).click();
  await page.getByRole('button', { name: 'Unprotect' }).waitFor();
  await page.dblclick('#rows tbody td:nth-child(2)');
  await page.fill('#rows input', 'no');
  await page.keyboard.press('Enter');
  await page.locator('#notices', { hasText: 'protected' }).waitFor();
  await page.getByRole('button', { name: 'Unprotect' }).click();
  await page.getByRole('button', { name: 'Protect', exact: true }).waitFor();
  await page.goto(`${base}/#/as-it-was`);
  await page.waitForFunction(() => document.querySelector('#top h1').textContent === 'as-it-was');
  await page.locator('#top').getByRole('button', { name: 'Delete' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.waitForFunction(() => document.querySelector('#top h1').textContent === 'main');
  assert.ok(!(await page.textContent('#branches')).includes('as-it-was'));
});

test('nothing was asked of another host, and no script failed', () => {
  // A refusal of the API is a refusal, not a failure of the page.
  assert.deepEqual(complaints.filter((line) => !/status of 4\d\d/.test(line)), []);
});
