// For who sees little, hears the page, has no mouse, or a small screen.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { message, offer, type Site, text, train, WAIT, waitForButton } from './site.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 360, height: 780 };
const DESK = { width: 1280, height: 900 };

export function accessibilityTests(site: Site): void {
  describe('accessibility', () => {
    it.each([
      ['light', DESK],
      ['dark', DESK],
      ['light', PHONE],
      ['dark', PHONE],
    ] as const)(
      'axe finds nothing in %s at %o: before, and after each kind of training, with messages',
      (colorScheme, viewport) =>
        site.visit(
          async (page) => {
            expect(await violations(page)).toEqual([]);
            for (const task of viewport === PHONE ? ['text'] : ['reviews', 'copy', 'sine']) {
              await train(page, { task, hidden: 8, steps: 10 });
              expect(await violations(page), task).toEqual([]);
              expect(
                await page.evaluate(() => document.documentElement.scrollWidth),
                'wider than the screen',
              ).toBeLessThanOrEqual(viewport.width);
              await page.click('#reset');
              await waitForButton(page, 'Train');
            }
            await page.fill('#hidden', '-1');
            await offer(page, 'empty.csv', '');
            await message(page, /empty/);
            expect(await violations(page), 'with a message').toEqual([]);
            await page.fill('#hidden', '8');
            await train(page, { cells: ['gru'], steps: 5 });
            await offer(page, 'rhyme.txt', 'Round and round the rugged rock the ragged rascal ran. '.repeat(40));
            await page.locator('dialog[open]').waitFor(WAIT);
            expect(await violations(page), 'with a question').toEqual([]);
          },
          { colorScheme, viewport },
        ),
    );

    it('everything is done by keyboard: choosing, training, pausing, closing messages', () =>
      site.visit(async (page) => {
        await page.keyboard.press('Tab');
        expect(await focused(page)).toBe('Skip to what is learnt');
        await tabTo(page, 'copy');
        for (const task of ['reviews', 'text', 'series', 'sine']) {
          await page.keyboard.press('ArrowDown');
          expect(await focused(page)).toBe(task);
        }
        await tabTo(page, 'rnn');
        await page.keyboard.press('Space');
        expect(await page.isChecked('input[value="rnn"]')).toBe(false);
        await tabTo(page, 'Train');
        await page.keyboard.press('Enter');
        await waitForButton(page, 'Pause');
        expect(await focused(page)).toBe('Pause');
        await page.keyboard.press('Space');
        await waitForButton(page, 'Resume');
        await tabTo(page, 'Stop');
        await page.keyboard.press('Enter');
        await waitForButton(page, 'Train on');
        // Charts are pictures with a text; tables that are wider than the screen can be scrolled.
        await tabTo(page, 'Gates of the LSTM');
        await page.keyboard.press('ArrowRight');
        await offer(page, 'rhyme.txt', 'Round and round the rugged rock the ragged rascal ran. '.repeat(40));
        await expect.poll(() => focused(page), WAIT).toBe('Keep the training');
        for (const name of ['Save it as a file, then replace it', 'Replace it']) {
          await page.keyboard.press('Tab');
          expect(await focused(page)).toBe(name);
        }
        await page.keyboard.press('Enter');
        await message(page, /rhyme\.txt is taken for a text/);
        await tabTo(page, 'Restart the worker');
        await page.keyboard.press('Enter');
        await expect.poll(() => text(page, 'spoken'), WAIT).toBe('The worker was restarted.');
      }));

    it('says aloud that training starts and ends, and what the charts show', () =>
      site.visit(async (page) => {
        await train(page, { task: 'sine', cells: ['gru'], steps: 20 });
        expect(await text(page, 'spoken')).toBe('Training ended at update 20.');
        expect(await page.getAttribute('#spoken', 'role')).toBe('status');
        expect(await page.getAttribute('#loss-chart', 'aria-label')).toMatch(
          /^Loss over 20 updates: GRU from [\d.]+ to [\d.]+$/,
        );
        expect(await page.getAttribute('#metric-chart', 'aria-label')).toMatch(
          /^mean absolute error over 20 updates: GRU from/,
        );
        expect(await page.locator('#heat canvas').getAttribute('aria-label')).toMatch(
          /^Gradient norms of the GRU\. GRU, update 20: from step/,
        );
      }));

    it('moves less for who asked for less motion', () =>
      site.visit(
        async (page) => {
          expect(
            await page.evaluate(() => getComputedStyle(document.getElementById('train') as Element).transitionDuration),
          ).toBe('0s');
          await train(page, { task: 'sine', cells: ['gru'], steps: 20 });
        },
        { reducedMotion: 'reduce' },
      ));
  });
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    interface Violation {
      id: string;
      nodes: { html: string; failureSummary: string }[];
    }
    const { violations: found } = await axe.run();
    return found.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`,
    );
  });
}

/** What has the focus: its value, label or text. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    return element?.name === 'task' || element?.name === 'cell'
      ? element.value
      : (element?.ariaLabel ?? element?.textContent?.trim() ?? '');
  });

async function tabTo(page: Page, what: string): Promise<void> {
  for (let k = 0; k < 60; k++) {
    if ((await focused(page)) === what) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`"${what}" cannot be reached by the Tab key`);
}
