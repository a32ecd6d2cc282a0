<?php // The app of the PHP image: waits until it is killed.
echo 'serving', PHP_EOL;
while (true) {
    sleep(60);
}
