// Uses the extension in code-server as a person would, in Chromium: node browser.js TEST ADDRESS SHOTS
// runs the test "trusted" or "untrusted", and takes screenshots into the directory SHOTS. The folder
// that is open has shop.layer of editors_test.go, with its mistake in the last line, and
// built/built.layer, whose run writes /etc/tool.conf, which its component does not own.
const path = require('path');
const { chromium } = require('playwright-core');

const [test, address, shots] = process.argv.slice(2);
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
  page.setDefaultTimeout(60000);
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

  const coloured = async () => {
    const colour = async t => word(t).first().evaluate(e => getComputedStyle(e).color);
    const colours = [await colour('component'), await colour('rootfs'), await colour('"/opt/tool"')];
    check('colours', new Set(colours).size >= 2 && colours[0] !== colours[2], colours);
  };
  // until waits for a condition, at most a minute.
  const until = async condition => {
    for (let n = 0; n < 300; n++) {
      if (await condition()) return true;
      await page.waitForTimeout(200);
    }
    return false;
  };

  await page.goto(address);
  await page.locator('.explorer-viewlet .monaco-list-row', { hasText: 'shop.layer' }).dblclick();
  await lines().waitFor();
  await ({ trusted, untrusted })[test]();
  await browser.close();
  process.exit(failed ? 1 : 0);

  // untrusted has colours, and neither errors nor commands.
  async function untrusted() {
    await word('component').first().waitFor();
    await coloured();
    await page.keyboard.press('F1');
    await page.keyboard.type('Layer: ');
    await page.waitForTimeout(2000);
    const offered = await page.locator('.quick-input-list .monaco-list-row', { hasText: /Layer: / }).allInnerTexts();
    check('no commands', offered.length === 0, offered);
    await shot('untrusted');
    await page.keyboard.press('Escape');
    check('no errors', await page.locator('.squiggly-error').count() === 0);
  }

  async function trusted() {
    await page.locator('.squiggly-error').first().waitFor();
    check('squiggles', await page.locator('.squiggly-error').count() > 0);

    await coloured();
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
    await commands();
  }

  // commands uses the commands that run layc in a terminal, and the one that explains errors.
  async function commands() {
    const terminal = async () => (await page.locator('.terminal-wrapper.active .xterm-rows').allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
    const printed = async (what, ...wanted) => {
      let seen = '';
      await until(async () => { seen = await terminal(); return wanted.every(w => seen.includes(w)); });
      check(what, wanted.every(w => seen.includes(w)), seen);
    };
    await page.keyboard.press('Control+p');
    await page.keyboard.type('built.layer');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'built.layer' }).first().waitFor();
    await page.keyboard.press('Enter');
    await until(async () => (await text()).includes('builds with sh'));

    await run('Layer: Check the Module');
    await printed('check', '1 app, 1 module: no errors');
    await run('Layer: Pin What Is Missing');
    await printed('lock', 'layc.lock');

    await run('Layer: Build the Images');
    await printed('failed build', 'to keep what is new, write', 'exit code: 3');
    const squiggles = () => page.locator('.squiggly-error').count();
    check('error of the build', await until(async () => await squiggles() === 1), await squiggles());
    await shot('build');
    await page.locator('.editor-group-container.active').click();
    await place(5, 12);
    await page.keyboard.press('Control+.');
    await page.locator('.action-widget .monaco-list-row', { hasText: 'write owns' }).first().waitFor();
    await shot('owns');
    await page.keyboard.press('Enter');
    check('owns', await until(async () => (await text()).includes('"/opt/tool", "/etc"')), await text());
    check('changed', await until(async () => await squiggles() === 0));
    await run('Layer: Build the Images');
    await printed('build', 'wrote the images to out');
    await shot('built');

    await run('Layer: Explain an Error');
    await page.locator('.quick-input-widget input').first().fill('E0519');
    await page.keyboard.press('Enter');
    check('explain', await until(async () => (await text()).includes('E0519: Changes are not kept')), await text());
    await shot('explain');
  }
}

main().catch(err => { console.error(err); process.exit(1); });
