// Learning curves as an SVG picture: validation accuracy after each epoch, one thin line a run.

const width = 640;
const height = 360;
const margin = { left: 56, right: 16, top: 40, bottom: 44 };
const colours = ['#777777', '#c44e52', '#4c72b0', '#55a868'];

/** @param {{ kind: string, runs: { epochs: import('unrolled').EpochRecord[] }[] }[]} summaries */
export function learningCurves(summaries) {
  const last = Math.max(2, ...summaries.flatMap(({ runs }) => runs.map(({ epochs }) => epochs.length)));
  const x = (epoch) => margin.left + ((epoch - 1) / (last - 1)) * (width - margin.left - margin.right);
  const y = (accuracy) => height - margin.bottom - ((accuracy - 0.4) / 0.6) * (height - margin.top - margin.bottom);

  const marks = [];
  for (const accuracy of [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]) {
    marks.push(`<path d="M${margin.left} ${y(accuracy)}H${width - margin.right}" stroke="#ddd"/>`);
    marks.push(
      `<text x="${margin.left - 8}" y="${y(accuracy) + 4}" text-anchor="end">${Math.round(100 * accuracy)} %</text>`,
    );
  }
  for (let epoch = 1; epoch <= last; epoch++) {
    marks.push(`<text x="${x(epoch)}" y="${height - margin.bottom + 18}" text-anchor="middle">${epoch}</text>`);
  }
  for (const [k, { kind, runs }] of summaries.entries()) {
    for (const { epochs } of runs) {
      const points = epochs.map(
        ({ epoch, validation }) => `${x(epoch).toFixed(1)},${y(validation.metrics.accuracy).toFixed(1)}`,
      );
      marks.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${colours[k]}" stroke-width="1.6"/>`);
    }
    marks.push(`<text x="${margin.left + 8 + 130 * k}" y="22" fill="${colours[k]}" font-weight="bold">${kind}</text>`);
  }
  marks.push(
    `<text x="${width / 2}" y="${height - 8}" text-anchor="middle">epoch (validation accuracy; one line a run)</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#333">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...marks,
    '</svg>\n',
  ].join('\n');
}
