// The thread that openWorker starts in Node unless it is given another.
import { serve } from './serve-node.js';

serve();
