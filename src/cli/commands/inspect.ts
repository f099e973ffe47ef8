// `unrolled inspect DIR`: what is in a trained task.
import { loadTask } from '../../tasks/index.js';
import { describeFlags, type Flags } from '../arguments.js';
import { BACKEND_FLAGS, type Command, start, takeWords } from '../command.js';
import { figure, table } from '../table.js';

const FLAGS: Flags = { json: { type: 'boolean', help: 'one line of JSON on stdout' }, ...BACKEND_FLAGS };

export const inspect: Command = {
  name: 'inspect',
  usage: 'inspect DIR',
  summary: 'layers, parameters, settings and the gradient report of a trained task',
  flags: () => FLAGS,
  help: () => describeFlags(FLAGS),

  async run(words, values) {
    takeWords(inspect, words, 1);
    await start(values);
    const { model, settings, report, gradients } = await loadTask(words[0] as string);
    const layers = [...model.namedModules()].flatMap(([name, module]) => {
      const own = [...module.namedParameters()].filter(([parameter]) => !parameter.includes('.'));
      if (own.length === 0) return [];
      const size = own.reduce((sum, [, parameter]) => sum + parameter.size, 0);
      return [{ name: name || '(model)', type: module.constructor.name, parameters: size }];
    });
    const parameters = [...model.namedParameters()].map(([name, { shape, data, size }]) => {
      let squares = 0;
      for (let k = 0; k < data.length; k++) squares += (data[k] as number) ** 2;
      return { name, shape: [...shape], size, rms: Math.sqrt(squares / size) };
    });
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ report, settings, layers, parameters, gradients })}\n`);
      return 0;
    }
    const number = (value: number) => value.toLocaleString('en');
    process.stdout.write(
      [
        table(
          ['setting', 'value'],
          Object.entries({ task: report.task, ...settings }).map(([name, value]) => [name, String(value)]),
        ),
        table(
          ['layer', 'type', 'parameters'],
          [
            ...layers.map((layer) => [layer.name, layer.type, number(layer.parameters)]),
            ['all', '', number(report.parameters)],
          ],
        ),
        table(
          ['parameter', 'shape', 'root mean square'],
          parameters.map(({ name, shape, rms }) => [name, shape.join(' x '), figure(rms)]),
        ),
        report.test === null
          ? 'measured on no test part'
          : table(
              ['test', 'value'],
              Object.entries(report.test).map(([name, value]) => [name, figure(value)]),
            ),
        gradients === null ? 'no recurrent layer had a gradient' : `at the end of training\n${gradients}`,
        '',
      ].join('\n\n'),
    );
    return 0;
  },
};
