/** The product's guardian, ending with the test process. */
import './end-with-tester.ts';
await import('../../src/main/guardian.ts');
