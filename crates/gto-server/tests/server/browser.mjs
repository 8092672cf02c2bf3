// What a person does in a browser. Arguments: the address with the token, the folder of the repository. Prints what is wrong, a line each.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(process.env.GTO_BROWSER + '/');
const { chromium } = require('playwright-core');
const axe = require('axe-core').source;
const [open, repository] = process.argv.slice(2);
const base = new URL(open).origin;
const wrong = [];
const check = (is, what) => is || wrong.push(what);
const PAGES = ['/', '/r/repo/nlp:churn', '/r/repo/nlp:churn@v1.1.0', '/r/repo/nlp:churn/compare/v1.0.0...v1.1.0', '/activity', '/stages', '/stages/prod', '/health', '/absent', '/?q=nothing-is-called-so', '/?at=2000-01-01'];
const browser = await chromium.launch({ executablePath: process.env.GTO_CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });

const watched = async (options) => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && !/40[34]/.test(message.text()) && wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`script: ${error.message}`));
  page.on('request', (request) => check(request.url().startsWith(base) || request.url().startsWith('data:'), `asks elsewhere: ${request.url()}`));
  await page.goto(open);
  check(!page.url().includes('token'), 'the token stays in the address');
  return page;
};

// Every page, light and dark, at three widths: nothing that axe finds, and nothing that is wider than the screen.
for (const [width, colorScheme] of [[380, 'light'], [1024, 'dark'], [1600, 'light']]) {
  const page = await watched({ viewport: { width, height: 900 }, colorScheme });
  for (const path of PAGES) {
    await page.goto(base + path);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(over <= 0, `${path} at ${width}: ${over} px too wide`);
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    for (const { id, nodes } of found.violations) wrong.push(`axe: ${path} at ${width} ${colorScheme}: ${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary.slice(0, 200)}`);
  }
  await page.context().close();
}

// With the keyboard alone: search, go to a row, open it, see the keys.
{
  const page = await watched({});
  await page.keyboard.press('/');
  await page.keyboard.type('churn');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=churn/);
  check((await page.locator('tr[data-row]').count()) === 1, 'the search does not narrow the list');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/r\/repo\/nlp/);
  await page.keyboard.press('?');
  check(await page.locator('#keys').isVisible(), 'there is no list of keys');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'compare with v1.0.0' }).first().click();
  await page.waitForURL(/compare/);
  await page.context().close();
}

// Without the script: filters, pages and links do the same.
{
  const page = await watched({ javaScriptEnabled: false });
  await page.fill('input[name=q]', 'churn');
  await page.click('button.primary');
  check((await page.locator('tr[data-row]').count()) === 1, 'without JavaScript, the search does not narrow the list');
  await page.click('.chip');
  check((await page.locator('tr[data-row]').count()) > 1, 'without JavaScript, a filter cannot be taken off');
  await page.context().close();
}

// Without the token there is a form for it, which leads to the page that was asked for.
for (const javaScriptEnabled of [true, false]) {
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  await page.goto(base + '/r/repo/data');
  await page.fill('#token', new URL(open).searchParams.get('token'));
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('heading', { name: 'data' }).waitFor({ timeout: 5000 }).catch(() => wrong.push('the form for the token does not open the page'));
  await context.close();
}

// A promotion from the button to the tag, with the script and without it; what the policy refuses is said.
for (const javaScriptEnabled of [true, false]) {
  const page = await watched({ javaScriptEnabled });
  const stage = javaScriptEnabled ? 'staging' : 'canary';
  await page.goto(base + '/r/repo/nlp:churn@v1.1.0');
  await page.getByRole('button', { name: `Promote to ${stage}` }).click();
  await page.waitForURL(/\/write\/repo\/plans\//, { timeout: 5000 });
  check((await page.getByText('v1.1.0').count()) > 0, 'the plan does not show the version');
  if (javaScriptEnabled) {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe);
      const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
      for (const { id, nodes } of found.violations) wrong.push(`axe: plan ${colorScheme}: ${id}: ${nodes[0].html.slice(0, 200)}`);
    }
  }
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.waitForURL(/wrote=/);
  check(await page.getByText('is made').isVisible(), 'the page does not say that it is done');
  const tags = execFileSync('git', ['-C', repository, 'tag', '--list', `nlp=churn#${stage}#*`]).toString();
  check(tags.trim().split('\n').length === 1 && tags.includes(stage), `no tag was made for ${stage}: ${tags}`);
  await page.goto(base + '/r/repo/nlp:churn@v1.1.0');
  await page.getByRole('button', { name: 'Promote to prod' }).click();
  await page.getByText('The policy forbids').waitFor({ timeout: 5000 });
  check(await page.getByText('Back to the artifact').isVisible(), 'there is no way back');
  await page.context().close();
}

// A tag that is made beside the server is on the open page at once.
{
  const page = await watched({});
  const health = await (await page.request.get(base + '/health.json')).json();
  await page.waitForTimeout(300);
  const times = [];
  const since = (start) => Math.round(performance.now() - start);
  // On a machine that has other work, loading the page takes long by itself: that is no delay of ours. One time out of some is enough.
  for (let version = 10; version < 20 && !times.some(([time, load]) => time - (load > 150 ? load : 0) < 300); version++) {
    execFileSync('git', ['-C', repository, 'tag', '-a', '-m', 'by hand', `nlp=churn@v${version}.0.0`]);
    const start = performance.now();
    await page.getByText(`v${version}.0.0`).first().waitFor({ timeout: 60000 });
    const time = since(start);
    const again = performance.now();
    await page.reload();
    await page.getByText(`v${version}.0.0`).first().waitFor({ timeout: 60000 });
    times.push([time, since(again)]);
    await page.waitForTimeout(300);
    if (!health.repositories[0].watched) break;
  }
  // What is being filled in stays as it is.
  await page.goto(base + '/r/repo/nlp:churn');
  const message = page.locator('form.act input[name=message]').first();
  await message.fill('because');
  await message.press('Tab');
  execFileSync('git', ['-C', repository, 'tag', '-a', '-m', 'by hand', 'nlp=churn@v30.0.0']);
  await page.getByText('reload the page to see it').waitFor({ timeout: 60000 });
  check((await message.inputValue()) === 'because', 'a live update empties a form');
  const [time, load] = times.at(-1);
  console.error(`live: ${times.map((pair) => pair.join(' beside '))} ms`);
  if (health.repositories[0].watched) check(time - (load > 150 ? load : 0) < 300, `a new tag is on the page after ${times.map((pair) => pair.join(' ms, beside '))} ms for loading it`);
  await page.context().close();
}

await browser.close();
for (const line of wrong) console.log(line);
process.exitCode = wrong.length ? 1 : 0;
