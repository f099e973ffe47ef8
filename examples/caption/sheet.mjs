// The contact sheet: the first drawings of the test part with what was written and what they are called.
import { encode } from 'fast-png';

const SHOWN = 120;
const STYLE = `
body { font: 13px sans-serif; margin: 24px; color: #333; background: #fff }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 14px }
figure { margin: 0; text-align: center } img { width: 64px; height: 64px; image-rendering: pixelated }
.right { color: #2a7f3f } .wrong { color: #c44e52 } .name { color: #777; font-size: 11px }`;

/**
 * @param {import('./data.mjs').Drawing[]} drawings
 * @param {{ text: string }[]} captions
 */
export function contactSheet(drawings, captions) {
  const shown = drawings.slice(0, SHOWN).map(({ image, text }, k) => {
    const written = captions[k].text;
    const isRight = written === text;
    const name = isRight ? '' : `<div class="name">${escaped(text)}</div>`;
    return (
      `<figure><img alt="" src="${dataUrl(image)}"><figcaption class="${isRight ? 'right' : 'wrong'}">` +
      `${escaped(written)}</figcaption>${name}</figure>`
    );
  });
  const right = captions.filter(({ text }, k) => text === drawings[k].text).length;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Captions</title><style>${STYLE}</style>
<h1>Captions of drawings never seen</h1>
<p>${right} of ${captions.length} exactly right (green); where not (red), the drawing's name stands below. The first ${shown.length}:</p>
<main>${shown.join('\n')}</main></html>\n`;
}

function dataUrl({ width, height, channels, data }) {
  const pixels = new Uint8Array(data.length);
  for (let k = 0; k < width * height; k++) {
    for (let c = 0; c < channels; c++) pixels[k * channels + c] = Math.round(255 * data[c * width * height + k]);
  }
  return `data:image/png;base64,${Buffer.from(encode({ width, height, channels, data: pixels })).toString('base64')}`;
}

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
