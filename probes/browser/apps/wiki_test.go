package apps

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// wikiRoot is where Debian's package has DokuWiki.
const wikiRoot = "/usr/share/dokuwiki"

// wiki starts DokuWiki with an account and a few pages.
func wiki(t testing.TB) (url string) {
	temp := t.TempDir()
	conf, data := filepath.Join(temp, "conf"), filepath.Join(temp, "data")
	copyFolder(t, "/etc/dokuwiki", conf)
	for _, d := range []string{"attic", "cache", "index", "locks", "log", "media", "media_attic", "media_meta", "meta", "pages", "tmp"} {
		if err := os.MkdirAll(filepath.Join(data, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(conf, "local.php"), fill(`<?php
$conf['title'] = 'Kiln Wiki';
$conf['savedir'] = '@DATA@';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
$conf['disableactions'] = 'register,resendpwd';
$conf['updatecheck'] = 0;
`, "@DATA@", data))
	write(t, filepath.Join(conf, "acl.auth.php"), "* @ALL 1\n* @user 8\n")
	write(t, filepath.Join(data, "pages/start.txt"), "====== Welcome ======\n\nHow we work with [[glazes]] and [[kilns]].\n")
	write(t, filepath.Join(data, "pages/glazes.txt"), "====== Glazes ======\n\nCeladon and tenmoku.\n")
	write(t, filepath.Join(data, "pages/kilns.txt"), "====== Kilns ======\n\nOne with wood, one with gas.\n")
	prelude := filepath.Join(temp, "prelude.php")
	write(t, prelude, fill("<?php\ndefine('DOKU_CONF', '@CONF@/');\ndefine('DOKU_MAIN_CONF', '@CONF@/');\n", "@CONF@", conf))

	hash := output(t, exec.Command("php", "-r", `echo password_hash($argv[1], PASSWORD_BCRYPT, ["cost" => 4]);`, password))
	write(t, filepath.Join(conf, "users.auth.php"), "rider:"+hash+":Robin Rider:rider@kiln.example:user\n")
	output(t, exec.Command("php", "-d", "auto_prepend_file="+prelude, filepath.Join(wikiRoot, "bin/indexer.php"), "-q"))
	url = php(t, "DokuWiki", wikiRoot, nil, "auto_prepend_file="+prelude)
	if err := answers(url + "/doku.php")(t.Context()); err != nil { // and makes its style sheet for the first time
		t.Fatal(err)
	}
	return url
}

// output runs a program to its end and gives what it printed.
func output(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
	}
	return string(text)
}
