// Uses the extension in code-server as a person would, in Chromium: node browser.js ADDRESS SHOTS
// takes screenshots into the directory SHOTS. The folder that is open has shop.layer of
// editors_test.go, with its mistake in the last line.
const path = require('path');
const { chromium } = require('playwright-core');

const [address, shots] = process.argv.slice(2);
let failed = false;

function check(what, ok, got) {
  console.log(`${what}: ${ok ? 'ok' : 'WRONG ' + JSON.stringify(got)}`);
  failed ||= !ok;
}

async function main() {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(30000);
  const shot = name => page.screenshot({ path: path.join(shots, name + '.png') });
  const lines = () => page.locator('.view-lines').first();
  const word = text => lines().locator('span span', { hasText: new RegExp(`^\\s*${text}\\s*$`) });
  const text = async () => (await lines().innerText()).replaceAll('\u00a0', ' ');
  const run = async command => {
    await page.keyboard.press('F1');
    await page.keyboard.type(command);
    await page.locator('.quick-input-list .monaco-list-row', { hasText: command }).first().waitFor();
    await page.keyboard.press('Enter');
  };
  const place = async (line, column) => {
    await page.keyboard.press('Control+g');
    await page.keyboard.type(`${line}:${column}`);
    await page.keyboard.press('Enter');
  };

  await page.goto(address);
  await page.locator('.explorer-viewlet .monaco-list-row', { hasText: 'shop.layer' }).dblclick();
  await lines().waitFor();
  await page.locator('.squiggly-error').first().waitFor();
  check('squiggles', await page.locator('.squiggly-error').count() > 0);

  const colour = async t => word(t).first().evaluate(e => getComputedStyle(e).color);
  const colours = [await colour('component'), await colour('rootfs'), await colour('"/opt/tool"')];
  check('colours', new Set(colours).size >= 2 && colours[0] !== colours[2], colours);
  await shot('errors');

  await place(16, 9);
  await run('Show or Focus Hover');
  const hover = page.locator('.monaco-hover:visible', { hasText: 'A tool of the shop' });
  await hover.first().waitFor().catch(() => {});
  check('hover', await hover.count() > 0, await page.locator('.monaco-hover').allInnerTexts());
  await shot('hover');
  await page.keyboard.press('Escape');

  await place(16, 17);
  await page.keyboard.press('Backspace');
  await page.keyboard.type('o');
  const offered = page.locator('.suggest-widget .monaco-list-row', { hasText: 'tool' });
  await offered.first().waitFor().catch(() => {});
  check('completion', await offered.count() > 0, await page.locator('.suggest-widget').allInnerTexts());
  await shot('completion');
  await page.keyboard.press('Escape');

  await page.locator('.squiggly-error').first().waitFor();
  await place(16, 15);
  await page.keyboard.press('Control+.');
  await page.locator('.action-widget .monaco-list-row').first().waitFor();
  await shot('quickfix');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.view-lines').innerText.includes('tool,\u00a0tool')).catch(() => {});
  check('quick fix', (await text()).includes('uses tool, tool'), await text());

  await place(16, 12);
  await page.keyboard.press('Shift+End');
  await page.keyboard.press('Backspace');
  await place(10, 12);
  await run('Rename Symbol');
  await page.locator('.rename-box input').fill('hammer');
  await page.locator('.rename-box input').press('Enter');
  await page.waitForFunction(() => document.querySelector('.view-lines').innerText.includes('uses\u00a0hammer')).catch(() => {});
  check('rename', (await text()).includes('component hammer {') && (await text()).includes('uses hammer'), await text());
  await page.waitForFunction(() => !document.querySelector('.squiggly-error')).catch(() => {});
  check('corrected', await page.locator('.squiggly-error').count() === 0);
  await shot('rename');

  await run('Layer: Open the Plan');
  let found = false;
  for (let n = 0; n < 100 && !found; n++) {
    await page.waitForTimeout(200);
    for (const f of page.frames()) {
      const content = await f.locator('body').innerText({ timeout: 500 }).catch(() => '');
      found ||= f !== page.mainFrame() && content.includes('hammer');
    }
  }
  await shot('plan');
  check('plan page', found, page.frames().map(f => f.url()));
  await browser.close();
  process.exit(failed ? 1 : 0);
}

main().catch(err => { console.error(err); process.exit(1); });
