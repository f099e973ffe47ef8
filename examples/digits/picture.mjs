// The picture: a digit, and beside each of its rows what the net thinks after having read so far.
import * as u from 'unrolled';

const SCALE = 4;
const SIDE = 28 * SCALE;
const COLUMNS = 4;

/**
 * @param {u.Module} model  a RowReader
 * @param {{ pixels: Float32Array, label: number }[]} digits
 */
export function rowsAsRead(model, digits) {
  const beliefs = u.noGrad(() => {
    const B = digits.length;
    const rows = new Float32Array(28 * B * 28);
    for (const [b, { pixels }] of digits.entries()) {
      for (let row = 0; row < 28; row++) rows.set(pixels.subarray(28 * row, 28 * (row + 1)), (row * B + b) * 28);
    }
    const { output } = model.layer.forward(u.tensor(rows, [28, B, 28]));
    return { B, numbers: model.head.forward(output).softmax().toArray() };
  });
  const width = COLUMNS * (SIDE + 130);
  const height = Math.ceil(digits.length / COLUMNS) * (SIDE + 34) + 30;
  const parts = digits.map((digit, k) => {
    const x = 10 + (k % COLUMNS) * (SIDE + 130);
    const y = 34 + Math.floor(k / COLUMNS) * (SIDE + 34);
    return `<g transform="translate(${x} ${y})">${drawing(digit, k, beliefs)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="#333">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    '<text x="10" y="18" font-size="13">Read from the top: the darker, the surer of 0 to 9 after that row</text>',
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function drawing({ pixels, label }, b, { B, numbers }) {
  const parts = [];
  for (let row = 0; row < 28; row++) {
    for (let column = 0; column < 28; column++) {
      const ink = pixels[28 * row + column];
      if (ink > 0.05) parts.push(square(column * SCALE, row * SCALE, SCALE, ink, '#000'));
    }
    for (let digit = 0; digit < 10; digit++) {
      const sure = numbers[(row * B + b) * 10 + digit];
      const colour = digit === label ? '#2a7f3f' : '#c44e52';
      if (sure > 0.02) parts.push(square(SIDE + 8 + digit * 9, row * SCALE, 9, sure, colour, SCALE));
    }
  }
  for (let digit = 0; digit < 10; digit++) {
    parts.push(
      `<text x="${SIDE + 12.5 + digit * 9}" y="${SIDE + 12}" text-anchor="middle" font-size="9">${digit}</text>`,
    );
  }
  parts.push(`<rect width="${SIDE}" height="${SIDE}" fill="none" stroke="#ccc"/>`);
  return parts.join('');
}

const square = (x, y, width, opacity, fill, height = width) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" fill-opacity="${opacity.toFixed(2)}"/>`;
