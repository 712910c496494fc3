#include "kustomize/regex.h"

#include <memory>
#include <optional>

namespace skerry::kustomize {
namespace {
constexpr size_t kMaxSteps = 20'000;
constexpr int kMaxDepth = 100;
constexpr int kMaxRepeat = 1000;
}  // namespace

// Builds from the end: every piece is compiled with the step that follows it, so repeats compile their piece again.
class RegexParser {
 public:
  explicit RegexParser(std::string_view pattern) : pattern_(pattern) {}

  Result<Regex> run() {
    auto tree = alternation(0);
    if (!tree) return tree.error();
    if (at_ != pattern_.size()) return fail("unexpected )");
    Regex out;
    out.steps_.push_back({});  // kMatch
    out.start_ = emit(out, **tree, 0);
    if (too_big_) return fail("expression too large");
    return out;
  }

 private:
  struct Piece;
  using Tree = std::unique_ptr<Piece>;
  struct Piece {
    enum class Kind { kEmpty, kChar, kBegin, kEnd, kSequence, kChoice, kRepeat } kind = Kind::kEmpty;
    std::bitset<256> chars;
    std::vector<Tree> parts;
    int least = 0;
    int most = -1;  // -1: no limit
  };

  Error fail(std::string_view what, std::string_view where = {}) const {
    return {Reason::kBadRequest, "error parsing regexp: " + std::string(what) + ": `" + std::string(where.empty() ? pattern_ : where) + "`"};
  }
  bool more() const { return at_ < pattern_.size(); }
  char peek() const { return pattern_[at_]; }

  Result<Tree> alternation(int depth) {
    if (depth > kMaxDepth) return fail("expression nests too deeply");
    auto out = std::make_unique<Piece>();
    out->kind = Piece::Kind::kChoice;
    while (true) {
      auto part = sequence(depth);
      if (!part) return part.error();
      out->parts.push_back(std::move(*part));
      if (!more() || peek() != '|') break;
      ++at_;
    }
    if (out->parts.size() == 1) {
      Tree only = std::move(out->parts[0]);
      return only;
    }
    return out;
  }

  Result<Tree> sequence(int depth) {
    auto out = std::make_unique<Piece>();
    out->kind = Piece::Kind::kSequence;
    while (more() && peek() != '|' && peek() != ')') {
      size_t begin = at_;
      auto piece = atom(depth);
      if (!piece) return piece.error();
      Tree made = std::move(*piece);
      bool repeated = false;
      while (more() && (peek() == '*' || peek() == '+' || peek() == '?' || is_braces())) {
        if (repeated) return fail("invalid nested repetition operator", pattern_.substr(at_ - 1, 2));
        auto repeat = std::make_unique<Piece>();
        repeat->kind = Piece::Kind::kRepeat;
        char c = peek();
        if (c == '{') {
          if (!braces(*repeat)) return fail("invalid repeat count", pattern_.substr(begin));
        } else {
          ++at_;
          repeat->least = c == '+' ? 1 : 0;
          repeat->most = c == '?' ? 1 : -1;
        }
        if (more() && peek() == '?') ++at_;  // lazy: the same texts match
        repeat->parts.push_back(std::move(made));
        made = std::move(repeat);
        repeated = true;
      }
      out->parts.push_back(std::move(made));
    }
    return out;
  }

  bool is_braces() const {
    if (peek() != '{') return false;
    size_t i = at_ + 1;
    bool digit = false;
    while (i < pattern_.size() && pattern_[i] >= '0' && pattern_[i] <= '9') ++i, digit = true;
    if (digit && i < pattern_.size() && pattern_[i] == ',')
      do ++i;
      while (i < pattern_.size() && pattern_[i] >= '0' && pattern_[i] <= '9');
    return digit && i < pattern_.size() && pattern_[i] == '}';
  }

  bool braces(Piece& out) {
    auto number = [&] {
      int n = 0;
      while (peek() >= '0' && peek() <= '9') {
        n = std::min(kMaxRepeat + 1, n * 10 + (peek() - '0'));
        ++at_;
      }
      return n;
    };
    ++at_;
    out.least = out.most = number();
    if (peek() == ',') {
      ++at_;
      out.most = peek() == '}' ? -1 : number();
    }
    ++at_;
    return out.least <= kMaxRepeat && out.most <= kMaxRepeat && (out.most < 0 || out.most >= out.least);
  }

  Tree one(std::bitset<256> chars) {
    auto out = std::make_unique<Piece>();
    out->kind = Piece::Kind::kChar;
    if (fold_case_)
      for (int c = 'a'; c <= 'z'; ++c)
        if (chars[c] || chars[c - 32]) chars.set(c), chars.set(c - 32);
    out->chars = chars;
    return out;
  }
  static std::bitset<256> just(char c) {
    std::bitset<256> out;
    out.set(static_cast<unsigned char>(c));
    return out;
  }

  Result<Tree> atom(int depth) {
    char c = pattern_[at_++];
    if (c == '(') return group(depth);
    if (c == '[') return char_class();
    if (c == '*' || c == '+' || c == '?') return fail("missing argument to repetition operator", std::string(1, c));
    if (c == '.') {
      auto all = ~std::bitset<256>();
      all.reset('\n');
      return one(all);
    }
    if (c == '^' || c == '$') {
      auto out = std::make_unique<Piece>();
      out->kind = c == '^' ? Piece::Kind::kBegin : Piece::Kind::kEnd;
      return out;
    }
    if (c != '\\') return one(just(c));
    if (!more()) return fail("trailing backslash at end of expression");
    char e = pattern_[at_++];
    if (e == 'A' || e == 'z') {
      auto out = std::make_unique<Piece>();
      out->kind = e == 'A' ? Piece::Kind::kBegin : Piece::Kind::kEnd;
      return out;
    }
    auto chars = escaped(e);
    if (!chars) return fail("invalid escape sequence", std::string("\\") + e);
    return one(*chars);
  }

  static std::optional<std::bitset<256>> escaped(char e) {
    std::bitset<256> out;
    auto range = [&](char from, char to) {
      for (int c = from; c <= to; ++c) out.set(c);
    };
    switch (e) {
      case 'd': case 'D': range('0', '9'); break;
      case 'w': case 'W': range('0', '9'), range('a', 'z'), range('A', 'Z'), out.set('_'); break;
      case 's': case 'S': for (char c : {' ', '\t', '\n', '\r', '\f'}) out.set(static_cast<unsigned char>(c)); break;
      case 'n': return just('\n');
      case 't': return just('\t');
      case 'r': return just('\r');
      default:
        if ((e >= '0' && e <= '9') || (e >= 'a' && e <= 'z') || (e >= 'A' && e <= 'Z')) return std::nullopt;
        return just(e);
    }
    if (e == 'D' || e == 'W' || e == 'S') out = ~out;
    return out;
  }

  Result<Tree> group(int depth) {
    bool folded = fold_case_;
    if (more() && peek() == '?') {
      size_t close = pattern_.find_first_of(":)>", at_);
      if (close == std::string_view::npos) return fail("missing argument to repetition operator", "?");
      std::string_view flags = pattern_.substr(at_ + 1, close - at_ - 1);
      at_ = close + 1;
      bool named = flags.starts_with("P<") || flags.starts_with("<");
      if (!named && flags.find_first_not_of("imsU-") != std::string_view::npos) return fail("invalid or unsupported Perl syntax", "(?" + std::string(flags));
      if (!named && flags.find('i') < flags.find('-')) fold_case_ = true;
      if (pattern_[close] == ')') return std::make_unique<Piece>();  // flags for what follows in this group
    }
    auto inner = alternation(depth + 1);
    if (!inner) return inner.error();
    if (!more()) return fail("missing closing )");
    ++at_;
    fold_case_ = folded;
    return inner;
  }

  Result<Tree> char_class() {
    std::bitset<256> out;
    size_t begin = at_ - 1;
    bool negated = more() && peek() == '^';
    if (negated) ++at_;
    bool first = true;
    while (true) {
      if (!more()) return fail("missing closing ]", pattern_.substr(begin));
      char c = pattern_[at_++];
      if (c == ']' && !first) break;
      first = false;
      if (c == '[' && more() && peek() == ':') {
        size_t end = pattern_.find(":]", at_);
        if (end == std::string_view::npos) return fail("missing closing ]", pattern_.substr(begin));
        std::string_view name = pattern_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 2;
        if (!posix(name, out)) return fail("invalid character class range", "[:" + std::string(name) + ":]");
        continue;
      }
      if (c == '\\') {
        if (!more()) return fail("missing closing ]", pattern_.substr(begin));
        auto chars = escaped(pattern_[at_++]);
        if (!chars) return fail("invalid escape sequence", std::string("\\") + pattern_[at_ - 1]);
        out |= *chars;
        continue;
      }
      if (at_ + 1 < pattern_.size() && peek() == '-' && pattern_[at_ + 1] != ']') {
        char to = pattern_[at_ + 1];
        at_ += 2;
        if (to == '\\' && more()) to = pattern_[at_++];
        if (static_cast<unsigned char>(to) < static_cast<unsigned char>(c)) return fail("invalid character class range", std::string(1, c) + "-" + to);
        for (int i = static_cast<unsigned char>(c); i <= static_cast<unsigned char>(to); ++i) out.set(i);
        continue;
      }
      out.set(static_cast<unsigned char>(c));
    }
    return one(negated ? ~out : out);
  }

  static bool posix(std::string_view name, std::bitset<256>& out) {
    for (int c = 0; c < 128; ++c) {
      bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
      if (name == "alpha" ? lower || upper : name == "digit" ? digit : name == "alnum" ? lower || upper || digit : name == "lower" ? lower : name == "upper" ? upper : name == "space" ? c == ' ' || (c >= 9 && c <= 13) : false) out.set(c);
    }
    return name == "alpha" || name == "digit" || name == "alnum" || name == "lower" || name == "upper" || name == "space";
  }

  int emit(Regex& out, const Piece& piece, int next) {
    if (out.steps_.size() > kMaxSteps) {
      too_big_ = true;
      return next;
    }
    auto add = [&](Regex::Op op, int to, int other = -1) {
      out.steps_.push_back({op, {}, to, other});
      return static_cast<int>(out.steps_.size()) - 1;
    };
    switch (piece.kind) {
      case Piece::Kind::kEmpty: return next;
      case Piece::Kind::kBegin: return add(Regex::Op::kBegin, next);
      case Piece::Kind::kEnd: return add(Regex::Op::kEnd, next);
      case Piece::Kind::kChar: {
        int at = add(Regex::Op::kChar, next);
        out.steps_[static_cast<size_t>(at)].chars = piece.chars;
        return at;
      }
      case Piece::Kind::kSequence:
        for (size_t i = piece.parts.size(); i-- > 0;) next = emit(out, *piece.parts[i], next);
        return next;
      case Piece::Kind::kChoice: {
        int choice = emit(out, *piece.parts.back(), next);
        for (size_t i = piece.parts.size() - 1; i-- > 0;) {
          int here = emit(out, *piece.parts[i], next);
          choice = add(Regex::Op::kSplit, here, choice);
        }
        return choice;
      }
      case Piece::Kind::kRepeat: {
        const Piece& part = *piece.parts[0];
        if (piece.most < 0) {
          int loop = add(Regex::Op::kSplit, -1, next);
          int body = emit(out, part, loop);
          out.steps_[static_cast<size_t>(loop)].next = body;
          next = loop;
        } else {
          int end = next;
          for (int i = piece.least; i < piece.most && !too_big_; ++i) {
            int body = emit(out, part, next);
            next = add(Regex::Op::kSplit, body, end);
          }
        }
        for (int i = 0; i < piece.least && !too_big_; ++i) next = emit(out, part, next);
        return next;
      }
    }
    return next;
  }

  std::string_view pattern_;
  size_t at_ = 0;
  bool fold_case_ = false;
  bool too_big_ = false;
};

Result<Regex> Regex::compile(std::string_view pattern) {
  if (pattern.size() > 4096) return Error(Reason::kBadRequest, "error parsing regexp: expression too large");
  return RegexParser(pattern).run();
}

void Regex::add(std::vector<int>& states, std::vector<char>& seen, int first, size_t at, size_t size) const {
  std::vector<int> todo{first};
  while (!todo.empty()) {
    int step = todo.back();
    todo.pop_back();
    if (step < 0 || seen[static_cast<size_t>(step)] != 0) continue;
    seen[static_cast<size_t>(step)] = 1;
    const Step& s = steps_[static_cast<size_t>(step)];
    switch (s.op) {
      case Op::kSplit: todo.push_back(s.next), todo.push_back(s.other); break;
      case Op::kBegin: if (at == 0) todo.push_back(s.next); break;
      case Op::kEnd: if (at == size) todo.push_back(s.next); break;
      default: states.push_back(step);
    }
  }
}

bool Regex::search(std::string_view text) const {
  std::vector<int> now, then;
  std::vector<char> seen(steps_.size());
  for (size_t at = 0;; ++at) {
    std::vector<char> seen_now(steps_.size());
    std::swap(now, then);
    then.clear();
    for (int s : now) seen_now[static_cast<size_t>(s)] = 1;
    add(now, seen_now, start_, at, text.size());
    for (int s : now)
      if (steps_[static_cast<size_t>(s)].op == Op::kMatch) return true;
    if (at == text.size()) return false;
    std::fill(seen.begin(), seen.end(), 0);
    for (int s : now)
      if (const Step& step = steps_[static_cast<size_t>(s)]; step.chars[static_cast<unsigned char>(text[at])]) add(then, seen, step.next, at + 1, text.size());
  }
}

}  // namespace skerry::kustomize
