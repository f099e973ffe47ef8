// The playground of examples/web in Debian's Chromium, as its visitors get it.
import { afterAll, beforeAll } from 'vitest';
import { accessibilityTests } from './accessibility.js';
import { enginesTests } from './engines.js';
import { filesTests } from './files.js';
import { Site } from './site.js';
import { survivalTests } from './survival.js';
import { trainingTests } from './training.js';

const site = new Site();
beforeAll(() => site.start(), 180_000);
afterAll(() => site.stop());

trainingTests(site);
filesTests(site);
survivalTests(site);
enginesTests(site);
accessibilityTests(site);
