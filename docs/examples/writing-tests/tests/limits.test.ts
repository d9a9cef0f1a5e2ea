import { expect, test } from 'alpy/test';

test('an app may write to its image, and use more memory and processes', async ({ apps, nodes: [node] }) => {
  const { stdout } = await apps.run({
    node,
    command: ['sh', '-ec', 'mkdir -p /srv/www && echo hello >/srv/www/index.html && cat /srv/www/index.html'],
    writableRoot: true,
    memoryMiB: 1024,
    pids: 2000,
  });
  expect(stdout).toBe('hello\n');
});
