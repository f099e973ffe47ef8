// Every control is used, and what is shown is what was learnt.
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { choose, figures, message, type Site, text, train, WAIT, waitForButton } from './site.js';

export function trainingTests(site: Site): void {
  describe('training', () => {
    it("learns the copy task with all three cells, and only the gated ones remember: their gradient arrives, the RNN's vanishes", () =>
      site.visit(async (page) => {
        expect(await text(page, 'count-gru')).toBe('8,646 parameters');
        await train(page, { task: 'copy', length: 20, steps: 220 });
        const [parameters, loss, measured, , accuracy] = (await figures(page, 'gru')) as [
          number,
          number,
          number,
          number,
          number,
        ];
        expect(parameters).toBe(8646);
        expect(loss).toBeLessThan(0.2);
        expect(measured).toBeLessThan(0.2);
        expect(accuracy).toBeGreaterThan(95);
        expect(await text(page, 'status')).toMatch(
          /^Update 220 of 220, stopped · [\d,]+ training steps\/s · [\d,]+ tokens\/s · WASM with/,
        );
        const flow = await text(page, 'flow');
        expect(flow).toMatch(/RNN, update 220: .*it vanishes/);
        expect(flow).toMatch(/GRU, update 220: .*it arrives/);
        // What it remembers: every symbol that the GRU recalls is the one shown.
        const recalled = await page.locator('#view tbody tr td:nth-child(4)').allTextContents();
        const shown = await page.locator('#view tbody th').allTextContents();
        expect(recalled.map((said) => said.replaceAll('✓', '').split(/\s+/).join(' ').trim())).toEqual(shown);
        // The picture: on the left the RNN's is dark, the GRU's bright.
        expect(await brightness(page, 0)).toBeLessThan(80);
        expect(await brightness(page, 2)).toBeGreaterThan(140);
        await page.check('#absolute');
        await page.check('#log');
        await expect.poll(() => text(page, 'scale-high')).toBe('10');
      }));

    it('cuts the gradient at the truncation window: nothing is seen before the last one', () =>
      site.visit(async (page) => {
        await train(page, { task: 'copy', cells: ['gru'], length: 20, window: 6, steps: 20 });
        expect(await text(page, 'flow')).toMatch(/from step 24 back to step 19 /);
      }));

    it('reads reviews: gates and the probability of praise along a sentence that is typed', () =>
      site.visit(async (page) => {
        await train(page, { task: 'reviews', cells: ['lstm', 'gru', 'rnn'], steps: 120 });
        const [, loss, measured] = (await figures(page, 'lstm')) as [number, number, number];
        expect(loss).toBeLessThan(0.66);
        expect(measured).toBeLessThan(0.69);
        await page.fill('#sentence', 'wonderful food');
        const head = page.locator('#gates [data-cell="lstm"] thead th');
        await expect.poll(() => head.allTextContents()).toEqual(['Step', 'wonderful', 'food']);
        const rows = async (cell: string) => page.locator(`#gates [data-cell="${cell}"] tbody th`).allTextContents();
        expect(await rows('lstm')).toEqual([
          'i, input gate',
          'f, forget gate',
          'g, candidate',
          'o, output gate',
          'P(praise)',
        ]);
        expect(await rows('gru')).toEqual(['r, reset gate', 'z, update gate', 'n, candidate', 'P(praise)']);
        expect(await rows('rnn')).toEqual(['|h|, state', 'P(praise)']);
        const gates = await page.locator('#gates [data-cell="lstm"] tbody tr:nth-child(2) td').allTextContents();
        for (const gate of gates) expect(Number(gate)).toBeGreaterThan(0);
        for (const gate of gates) expect(Number(gate)).toBeLessThan(1);
        await page.fill('#sentence', ' ');
        await expect.poll(() => text(page, 'gates')).toContain('give it something to read');
      }));

    it('writes text as it learns, wilder at a higher temperature', () =>
      site.visit(async (page) => {
        await train(page, { task: 'text', cells: ['gru'], hidden: 64, steps: 120 });
        const [, loss, , bits] = (await figures(page, 'gru')) as [number, number, number, number];
        expect(loss).toBeLessThan(3);
        expect(bits).toBeCloseTo(loss / Math.LN2, 1);
        const written = page.locator('#view .written');
        await page.fill('#prompt', 'the whale ');
        await page.fill('#temperature', '0');
        expect(await text(page, 'temperature-value')).toBe('0');
        await expect.poll(() => written.textContent()).toMatch(/^the whale /);
        await page.waitForTimeout(1000);
        const safe = await written.textContent();
        expect(safe?.length).toBe('the whale '.length + 240);
        await page.fill('#temperature', '1.5');
        await expect.poll(() => written.textContent()).not.toBe(safe);
        const different = (said: string | null) => new Set(said).size;
        expect(different(await written.textContent())).toBeGreaterThan(different(safe));
      }));

    it.each(['series', 'sine'])('forecasts: %s, better than saying the last value again', (task) =>
      site.visit(async (page) => {
        await train(page, { task, steps: 120 });
        const plain = Number(/comes to (\d+(?:\.\d+)?)/.exec(await text(page, 'baseline'))?.[1]);
        const [, , , , error] = (await figures(page, 'lstm')) as [number, number, number, number, number];
        expect(error).toBeLessThan(plain);
        expect(await page.locator('#view .chart').getAttribute('aria-label')).toMatch(
          /^Forecast against truth, .*LSTM: off by/s,
        );
        expect(await page.locator('#view canvas').count()).toBe(1);
      }),
    );

    it('pauses, resumes, trains on, stops and resets', () =>
      site.visit(async (page) => {
        await choose(page, { task: 'sine', cells: ['rnn'], hidden: 4, steps: 100_000 });
        await page.click('#train');
        await waitForButton(page, 'Pause');
        expect(await page.locator('#hidden').isDisabled()).toBe(true);
        await page.click('#train');
        await waitForButton(page, 'Resume');
        await page.waitForTimeout(500);
        const paused = await text(page, 'status');
        await page.waitForTimeout(500);
        expect(await text(page, 'status')).toBe(paused);
        await page.click('#train');
        await waitForButton(page, 'Pause');
        await expect.poll(() => text(page, 'status'), WAIT).not.toContain(paused.slice(0, 12));
        await page.click('#stop');
        await waitForButton(page, 'Train on');
        const at = Number(/Update ([\d,]+)/.exec(await text(page, 'status'))?.[1]?.replace(',', ''));
        await train(page, { steps: 10 });
        expect(await text(page, 'status')).toContain(
          `Update ${(at + 10).toLocaleString('en')} of ${(at + 10).toLocaleString('en')}`,
        );
        await page.click('#reset');
        await waitForButton(page, 'Train');
        expect(await text(page, 'status')).toContain('No training yet');
        expect(await page.locator('#hidden').isDisabled()).toBe(false);
      }));

    it('takes another learning rate while it trains', () =>
      site.visit(async (page) => {
        await choose(page, { task: 'sine', cells: ['gru'], lr: 0, steps: 100_000 });
        await page.click('#train');
        await waitForButton(page, 'Pause');
        await expect.poll(async () => (await figures(page, 'gru'))[1], WAIT).toBeGreaterThan(0.5);
        await page.fill('#lr', '0.02');
        await page.press('#lr', 'Tab');
        await expect.poll(async () => (await figures(page, 'gru'))[1], WAIT).toBeLessThan(0.1);
        await page.click('#stop');
        await waitForButton(page, 'Train on');
      }));

    it('says which setting is wrong, and does not train with it', () =>
      site.visit(async (page) => {
        await page.fill('#hidden', '0');
        await page.fill('#layers', '');
        expect(await text(page, 'complaint')).toBe(
          'Hidden size must be a whole number from 1 to 512. Layers must be a whole number from 1 to 4.',
        );
        expect(await page.getAttribute('#hidden', 'aria-invalid')).toBe('true');
        await page.click('#train');
        expect(await text(page, 'train')).toBe('Train');
        await choose(page, { hidden: 4, layers: 2, batch: 2, seed: 3, forgetBias: 2, cells: [] });
        expect(await text(page, 'cells-complaint')).toBe('Choose at least one cell.');
        await train(page, { cells: ['lstm'], steps: 5 });
        expect(await page.locator('#figures tbody tr').count()).toBe(1);
      }));

    it('chooses colours, and keeps the choice', () =>
      site.visit(async (page) => {
        const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const light = await ground();
        await train(page, { task: 'sine', cells: ['rnn'], steps: 10 });
        await page.selectOption('#theme', 'dark');
        expect(await ground()).not.toBe(light);
        await page.reload();
        await expect.poll(ground).not.toBe(light);
        await message(page, /training from before/);
      }));
  });
}

/** Of the left edge of a picture, in its last row: 0 to 255. */
async function brightness(page: Page, panel: number): Promise<number> {
  return page
    .locator('#heat canvas')
    .nth(panel)
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, canvas.height - 1, 1, 1);
      return ((data[0] as number) + (data[1] as number) + (data[2] as number)) / 3;
    });
}
