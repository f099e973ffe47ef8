// The worker that openWorker starts unless it is given another: the library and nothing else. In dist/ it is one file with all
// that it imports, so that whatever copies it into an application has all of it.
import { serve } from './serve.js';

serve();
