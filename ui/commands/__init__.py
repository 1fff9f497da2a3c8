"""One command, one function: parse, call one public function, print."""
