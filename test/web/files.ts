// The visitor's own files: what they are taken for, what is said when they cannot be used, and playgrounds saved and loaded.
import { readFileSync } from 'node:fs';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { answer, choose, figures, message, offer, type Site, step, text, train, WAIT, waitForButton } from './site.js';

const rows = (count: number, row: (k: number) => string) => Array.from({ length: count }, (_, k) => row(k)).join('\n');
const SERIES = `date,noise,temperature\n${rows(400, (k) => `2020-${k},${(k * 7) % 5},${(10 * Math.sin(k / 3)).toFixed(2)}`)}\n`;
const LABELLED = `sentiment,review\n${rows(120, (k) => (k % 2 ? `good,"A lovely, lovely place number ${k}"` : `bad,"A dreadful place number ${k}"`))}\n`;

export function filesTests(site: Site): void {
  describe('files of the visitor', () => {
    it('learns a series out of a CSV, and says which columns it took', () =>
      site.visit(async (page) => {
        await drop(page, 'heat.csv', SERIES);
        expect(await message(page, /heat\.csv/)).toBe(
          'heat.csv is taken for a series: values from the column "temperature", in the order of the rows; times from "date". Press Train.',
        );
        expect(await page.isChecked('input[value="series"]')).toBe(true);
        expect(await text(page, 'about-task')).toContain('320 values to learn from');
        await train(page, { length: 20, steps: 60, cells: ['gru'] });
        expect((await figures(page, 'gru'))[1]).toBeLessThan(0.2);
        await page.click('#own-off');
        await answer(page, 'Replace it');
        await expect.poll(() => text(page, 'about-task')).toContain('Seattle');
      }));

    it('learns labels of texts out of a CSV', () =>
      site.visit(async (page) => {
        await offer(page, 'places.csv', LABELLED);
        expect(await message(page, /places\.csv/)).toContain(
          'texts from the column "review", labels from "sentiment" (bad, good)',
        );
        await train(page, { cells: ['lstm'], steps: 40, lr: 0.01 });
        expect((await figures(page, 'lstm'))[3]).toBe(100);
        expect(await text(page, 'gates')).toContain('P(good)');
      }));

    it('learns a text', () =>
      site.visit(async (page) => {
        await offer(page, 'rhyme.txt', 'Round and round the rugged rock the ragged rascal ran. '.repeat(40));
        await message(page, /rhyme\.txt is taken for a text, to be learnt character by character/);
        await train(page, { cells: ['gru'], steps: 60, lr: 0.01 });
        expect((await figures(page, 'gru'))[1]).toBeLessThan(2.6);
      }));

    const unusable: readonly [name: string, contents: string | Uint8Array, words: RegExp][] = [
      ['photo.txt', Uint8Array.from({ length: 2000 }, (_, k) => (k * 37) % 256), /photo\.txt is no text/],
      ['photo.csv', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 255]), /photo\.csv is no text/],
      ['empty.csv', '', /empty\.csv is empty/],
      ['header.csv', 'date,value\n', /has a header and no rows/],
      ['names.csv', 'a,b\nx,y\nz,w\n', /neither numbers in every row \(a series\) nor a text and a label/],
      ['ragged.csv', 'date,value\n1,2\n3\n', /ragged\.csv, line 3: a row must have 2 cells/],
      ['short.txt', 'Too short.', /too short for sequences of 64; at least/],
      ['few.csv', 'value\n1\n2\n3\n', /3 values are too few for sequences of 60/],
      ['flat.csv', `value\n${rows(500, () => '7')}`, /all values are 7; there is nothing to learn/],
      ['huge.csv', `value\n${rows(500, (k) => `${k % 9}e300`)}`, /too large to compute with/],
    ];

    it('says what is wrong with a file that is no text, empty, too short, without columns of use, and goes on working', () =>
      site.visit(async (page) => {
        for (const [name, contents, words] of unusable) {
          await offer(page, name, contents);
          await message(page, words);
          await page.locator('.message button', { hasText: 'Close' }).first().click();
        }
        await page.setChecked('input[value="copy"]', true);
        await train(page, { length: 4, steps: 10, cells: ['gru'] });
      }));
  });

  describe('a file that would take the place of a training', () => {
    const OPEN = 'dialog[open]';

    it('is asked about while the training goes on, and replaces nothing unless told to', () =>
      site.visit(async (page) => {
        await choose(page, { task: 'sine', cells: ['gru'], hidden: 4, steps: 1_000_000 });
        await page.click('#train');
        await waitForButton(page, 'Pause');
        await page.focus('#lr');
        const asked = async (words: RegExp) => {
          await page.locator(OPEN).waitFor(WAIT);
          expect(await page.locator(OPEN).textContent()).toMatch(words);
          const before = await step(page);
          await expect.poll(() => step(page), WAIT).toBeGreaterThan(before);
        };
        await drop(page, 'heat.csv', SERIES);
        await asked(/Open heat\.csv\?\s*A training is under way: sine, at update [\d,]+\. It would be gone/);
        await page.keyboard.press('Escape');
        // A second file is asked about in the place of the first.
        await drop(page, 'heat.csv', SERIES);
        await asked(/Open heat\.csv/);
        await drop(page, 'places.csv', LABELLED);
        await expect.poll(() => page.locator(OPEN).textContent(), WAIT).toContain('Open places.csv?');
        await answer(page, 'Keep training');
        expect(await page.locator(OPEN).count()).toBe(0);
        expect(await page.evaluate(() => document.activeElement?.id)).toBe('lr');
        expect(await page.isChecked('input[value="sine"]')).toBe(true);
        const kept = await step(page);
        await expect.poll(() => step(page), WAIT).toBeGreaterThan(kept);
        expect(await text(page, 'train')).toBe('Pause');

        await drop(page, 'heat.csv', SERIES);
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          answer(page, 'Save it as a file, then replace it'),
        ]);
        expect(download.suggestedFilename()).toMatch(/^playground-sine-\d+\.zip$/);
        await message(page, /heat\.csv is taken for a series/);
        await waitForButton(page, 'Train');
        expect(await page.isChecked('input[value="series"]')).toBe(true);
      }));

    it('is not asked about where there is none, nor where it cannot be opened; one at rest is asked about too', () =>
      site.visit(async (page) => {
        await offer(page, 'heat.csv', SERIES);
        await message(page, /heat\.csv is taken/);
        await train(page, { cells: ['gru'], hidden: 4, length: 10, steps: 5 });
        await offer(page, 'empty.csv', '');
        await message(page, /empty\.csv is empty/);
        expect(await page.locator(OPEN).count()).toBe(0);
        await page.click('#own-off');
        expect(await page.locator(OPEN).textContent()).toMatch(
          /Go back to the page's own data\?\s*There is a training: series, at update 5\./,
        );
        await answer(page, 'Keep the training');
        await train(page, { steps: 5 });
        expect(await text(page, 'status')).toContain('Update 10 of 10');
      }));
  });

  describe('a saved playground', () => {
    it('trains on elsewhere as it would have here: the same losses', () =>
      site.visit(async (page) => {
        const wanted = { task: 'sine', cells: ['lstm', 'gru'], hidden: 8, steps: 40 };
        await train(page, wanted);
        const file = await save(page);
        expect(file.name).toBe('playground-sine-40.zip');
        await train(page, { steps: 20 });
        const here = await losses(page);
        await page.click('#reset');
        await waitForButton(page, 'Train');
        await offer(page, file.name, file.bytes, 'load');
        await waitForButton(page, 'Train on');
        expect(await text(page, 'status')).toContain('Update 40 of 40');
        expect(await page.inputValue('#hidden')).toBe('8');
        expect(await page.isChecked('input[value="rnn"]')).toBe(false);
        await train(page, { steps: 20 });
        expect(await text(page, 'status')).toContain('Update 60 of 60');
        expect(await losses(page)).toEqual(here);
      }));

    it("carries the visitor's own data", () =>
      site.visit(async (page) => {
        await offer(page, 'heat.csv', SERIES);
        await message(page, /heat\.csv/);
        await train(page, { cells: ['rnn'], hidden: 4, length: 10, steps: 10 });
        const { name, bytes } = await save(page);
        await page.click('#reset');
        await page.setChecked('input[value="copy"]', true);
        await drop(page, name, bytes);
        await waitForButton(page, 'Train on');
        await expect.poll(() => text(page, 'about-task')).toContain('heat.csv');
        await train(page, { steps: 10 });
      }));

    it('says so when a net that exploded is loaded, and goes on with the others', () =>
      site.visit(async (page) => {
        await train(page, { task: 'sine', cells: ['rnn', 'gru'], hidden: 4, steps: 10 });
        const { name, bytes } = await save(page);
        const files = unzipSync(bytes);
        const weights = files['rnn.safetensors'] as Uint8Array;
        const header = 8 + Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
        weights.fill(0xff, header); // NaN
        await offer(page, name, zipSync(files), 'load');
        await answer(page, 'Replace it');
        await expect.poll(() => text(page, 'spoken'), WAIT).toContain('loaded, at update 10');
        await train(page, { steps: 10 });
        expect(await message(page, /The RNN gave up/)).toContain('lower it, or clip the gradients');
        expect((await figures(page, 'gru'))[1]).toBeLessThan(2);
      }));

    const refused: readonly [change: (content: Record<string, unknown>) => object, words: RegExp][] = [
      [(content) => ({ ...content, version: 7 }), /another version of this page \(version 7, this page reads 1\)/],
      [() => ({ hello: 1 }), /is a zip, but no saved playground/],
      [({ settings, ...content }) => content, /its settings or its history cannot be read/],
    ];

    it('of another version, of something else, damaged or cut off is refused with a message, and changes nothing', () =>
      site.visit(async (page) => {
        await train(page, { task: 'sine', cells: ['rnn'], hidden: 4, steps: 5 });
        const { bytes } = await save(page);
        for (const [change, words] of refused) {
          const files = unzipSync(bytes);
          const content = JSON.parse(strFromU8(files['playground.json'] as Uint8Array));
          files['playground.json'] = strToU8(JSON.stringify(change(content)));
          await offer(page, 'changed.zip', zipSync(files), 'load');
          await message(page, words);
        }
        await offer(page, 'cut.zip', bytes.subarray(0, bytes.length - 900), 'load');
        await message(page, /cut\.zip is damaged or cut off/);
        await train(page, { steps: 5 });
        expect(await text(page, 'status')).toContain('Update 10 of 10');
      }));
  });
}

const losses = async (page: Page) => [
  (await figures(page, 'lstm')).slice(1, 5),
  (await figures(page, 'gru')).slice(1, 5),
];

async function save(page: Page): Promise<{ name: string; bytes: Uint8Array }> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  return { name: download.suggestedFilename(), bytes: new Uint8Array(readFileSync(await download.path())) };
}

/** As a mouse would drop it. */
async function drop(page: Page, name: string, contents: string | Uint8Array): Promise<void> {
  const numbers = Array.from(typeof contents === 'string' ? strToU8(contents) : contents);
  await page.evaluate(
    ([file, bytes]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(bytes)], file));
      const fire = (type: string) =>
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      fire('dragover');
      fire('drop');
    },
    [name, numbers] as const,
  );
}
