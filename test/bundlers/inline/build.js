// Writes the script into the page.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { outputFiles } = await build({
  entryPoints: ['main.js'],
  bundle: true,
  minify: true,
  format: 'esm',
  write: false,
});
const [{ text }] = outputFiles;
const page = readFileSync('index.html', 'utf8').replace('/* main.js */', () =>
  text.replaceAll('</script', '<\\/script'),
);
mkdirSync('dist');
writeFileSync('dist/index.html', page);
