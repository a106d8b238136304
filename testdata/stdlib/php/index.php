<?php
// Says hello to whoever the path names.
echo 'hello, ', mb_strtoupper(htmlspecialchars(trim($_SERVER['REQUEST_URI'] ?? '/php', '/')));
