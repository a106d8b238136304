// Colours texts as VS Code does: reads a JSON list of texts, and prints for each one a list of
// [bytes, scopes] pairs.
const fs = require('fs');
const path = require('path');
const textmate = require('vscode-textmate');
const oniguruma = require('vscode-oniguruma');

const grammars = {
  'source.layer': path.join(__dirname, '../syntaxes/layer.tmLanguage.json'),
  'source.shell': require.resolve('tm-grammars/grammars/shellscript.json'),
};

async function main() {
  const wasm = fs.readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: patterns => new oniguruma.OnigScanner(patterns),
      createOnigString: s => new oniguruma.OnigString(s),
    }),
    loadGrammar: async scope => grammars[scope] &&
      textmate.parseRawGrammar(fs.readFileSync(grammars[scope], 'utf8'), grammars[scope]),
  });
  const grammar = await registry.loadGrammar('source.layer');
  const all = JSON.parse(fs.readFileSync(0, 'utf8')).map(text => {
    let state = textmate.INITIAL;
    const tokens = [];
    for (const line of text.split('\n')) {
      const shown = line.replace(/\r$/, ''); // editors do not keep it in the line
      const r = grammar.tokenizeLine(shown, state);
      state = r.ruleStack;
      for (const t of r.tokens) {
        const piece = shown.slice(t.startIndex, t.endIndex);
        if (piece) tokens.push([Buffer.byteLength(piece), t.scopes.slice(1).join(' ')]);
      }
      tokens.push([line.length - shown.length + 1, '']);
    }
    return tokens;
  });
  process.stdout.write(JSON.stringify(all));
}

main().catch(err => { console.error(err); process.exit(1); });
