"""shells.py bash|zsh|fish PATH FOLDER: types command lines into the shell and asks it to complete them. FOLDER holds what shells_test.sh put
there. Exit code 1 and a list where a shell did something else.

bash and zsh run on a terminal. Behind each line come TAB and a key whose function writes the line to a file; they take one key after
the other, so what is in the file then is what TAB made of the line. fish has a command that does as if TAB had been pressed."""
import os, pty, select, subprocess, sys, time

DEADLINE_SECONDS = 120  # only for a shell that hangs

# What is typed: what stands there after TAB (bash, zsh), and which candidates there are (fish).
LINES = [
    ("kubectl clus", "kubectl cluster-info ", ["cluster-info"]),
    ("kubectl rollout st", "kubectl rollout status ", ["status"]),
    ("kubectl -n x rollout st", "kubectl -n x rollout status ", ["status"]),
    ("kubectl get --all-n", "kubectl get --all-namespaces ", ["--all-namespaces"]),
    ("kubectl get pods -o ya", "kubectl get pods -o yaml ", ["yaml"]),
    ("kubectl get pods --output=ya", "kubectl get pods --output=yaml ", ["--output=yaml"]),
    ("kubectl get pods --output=cust", "kubectl get pods --output=custom-columns", ["--output=custom-columns", "--output=custom-columns-file"]),
    ("kubectl config use-context wo", "kubectl config use-context work:one ", ["work:one"]),
    ("kubectl config use-context work:", "kubectl config use-context work:one ", ["work:one"]),
    ("kubectl --context=wo", "kubectl --context=work:one ", ["--context=work:one"]),
    ("kubectl --context sh", "kubectl --context shop ", ["shop"]),
    ("kubectl apply -f man", "kubectl apply -f manifest.yaml ", ["manifest.yaml"]),
    ("kubectl apply --filename=man", "kubectl apply --filename=manifest.yaml ", ["--filename=manifest.yaml"]),
    ("kubectl apply -f fol", "kubectl apply -f folder/", ["folder/"]),
    ("kubectl apply -k fol", "kubectl apply -k folder/", ["folder/"]),
    ("kubectl proxy --www=fol", "kubectl proxy --www=folder/", ["--www=folder/"]),
    ("kubectl expose deployment/x po", "kubectl expose deployment/x pod/", ["pod/"]),
    ("kubectl scale --rep", "kubectl scale --replicas ", ["--replicas"]),
    ("skerry images li", "skerry images list ", ["list"]),
    ("skerry server --service-proxy=nf", "skerry server --service-proxy=nftables ", ["--service-proxy=nftables"]),
    ("skerry server --config=man", None, ["--config=manifest.yaml", "--config=manual.txt"]),
    ("skerry server -d fol", "skerry server -d folder/", ["folder/"]),
]
# All three complete what an alias stands for.
ALIAS = ("k rollout pau", "k rollout pause ", ["pause"])


def fish(path, folder):
    script = f"""
kubectl completion fish | source
skerry completion fish | source
alias k=kubectl
for line in $argv
    echo "> $line"
    complete -C "$line"
end
"""
    lines = LINES + [ALIAS]
    done = subprocess.run([path, "--no-config", "-c", script] + [line for line, _, _ in lines], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE_SECONDS)
    if done.stderr: yield f"fish said: {done.stderr}"
    parts = ("\n" + done.stdout).split("\n> ")[1:]
    if len(parts) != len(lines): yield f"{len(parts)} answers for {len(lines)} lines"
    for (line, _, expected), part in zip(lines, parts):
        found = sorted(candidate.split("\t")[0] for candidate in part.strip("\n").split("\n")[1:])
        if found != sorted(expected): yield f"{line}: expected {expected}, got {found}"


BASHRC = r"""
PS1='> ' HISTFILE= LANG=C
source <(kubectl completion bash)
source <(skerry completion bash)
alias k=kubectl
complete -o default -F __start_kubectl k
tell() { printf '%s\n' "$READLINE_LINE" > "$PWD/line.new"; mv -f "$PWD/line.new" "$PWD/line"; READLINE_LINE= READLINE_POINT=0; }
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
bind '"\C-i": complete'
bind -x '"\C-g": tell'
echo ready > ready
"""

ZSHRC = r"""
PS1='> ' RPS1= HISTFILE=
unsetopt beep zle_bracketed_paste 2>/dev/null
unset zle_bracketed_paste
autoload -Uz compinit
compinit -u -D
source <(kubectl completion zsh)
source <(skerry completion zsh)
alias k=kubectl
tell() { print -r -- "$BUFFER" > "$PWD/line.new"; mv -f "$PWD/line.new" "$PWD/line"; BUFFER= }
zle -N tell
bindkey '^G' tell
bindkey '^I' expand-or-complete
zstyle ':completion:*' list-prompt ''
zstyle ':completion:*' select-prompt ''
LISTMAX=9999
print ready > ready
"""


class Terminal:
    """A shell that reads a start file of ours."""

    def __init__(self, arguments, start_file, start, folder):
        with open(start_file, "w") as f:
            f.write(start)
        self.folder, self.name, self.shown = folder, arguments[0], b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(arguments[0], arguments, dict(os.environ, ZDOTDIR=folder + "/home"))
        self.wait_for("ready")

    def wait_for(self, name):
        """Until the file is there; takes it away and returns what it held."""
        path = os.path.join(self.folder, name)
        end = time.monotonic() + DEADLINE_SECONDS
        while not os.path.exists(path):
            if time.monotonic() > end: raise TimeoutError(f"{self.name} did not write {name}; it showed: {self.shown[-2000:]!r}")
            # What it shows has to be read, or it waits for that.
            if select.select([self.terminal], [], [], 0.1)[0]: self.shown += os.read(self.terminal, 65536)
        with open(path) as f:
            text = f.read()
        os.unlink(path)
        return text

    def after_tab(self, line):
        os.write(self.terminal, line.encode() + b"\t\x07")
        return self.wait_for("line").rstrip("\n")

    def close(self):
        os.close(self.terminal)  # hangs up
        os.waitpid(self.pid, 0)


def on_terminal(shell, lines):
    for line, expected, _ in lines:
        if expected is None: continue
        found = shell.after_tab(line)
        if found != expected: yield f"{line}: expected {expected!r}, got {found!r}"
    shell.close()


def zsh(path, folder):
    return on_terminal(Terminal([path, "-d", "-i"], folder + "/home/.zshrc", ZSHRC, folder), LINES + [ALIAS])


def bash(path, folder):
    start = folder + "/home/bashrc"
    return on_terminal(Terminal([path, "--noprofile", "--rcfile", start, "-i"], start, BASHRC, folder), LINES + [ALIAS])


problems = list({"bash": bash, "zsh": zsh, "fish": fish}[sys.argv[1]](sys.argv[2], sys.argv[3]))
print("\n".join(problems) or f"{sys.argv[1]}: {len(LINES) + 1} lines")
sys.exit(1 if problems else 0)
