#include "kubectl/describe/label.h"

#include <algorithm>
#include <vector>

namespace skerry::kubectl {
namespace {

bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool letter(char c) { return upper(c) || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80; }

// Runs of the same class of characters; of a run of capitals the last goes with the small letters behind it.
std::vector<std::string> words_of(std::string_view field) {
  auto class_of = [](char c) { return upper(c) ? 'U' : letter(c) ? 'l' : '-'; };
  std::vector<std::string> runs;
  for (char c : field) {
    if (runs.empty() || class_of(runs.back()[0]) != class_of(c)) runs.emplace_back();
    runs.back() += c;
  }
  for (size_t i = 0; i + 1 < runs.size(); ++i) {
    if (!upper(runs[i][0]) || class_of(runs[i + 1][0]) != 'l') continue;
    runs[i + 1].insert(runs[i + 1].begin(), runs[i].back());
    runs[i].pop_back();
  }
  std::erase_if(runs, [](const std::string& run) { return run.empty(); });
  return runs;
}

bool acronym(const std::string& word) {
  static constexpr std::string_view kAcronyms[] = {"API", "URL", "UID", "GUID"};
  std::string capitals = word;
  for (char& c : capitals) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return std::find(std::begin(kAcronyms), std::end(kAcronyms), capitals) != std::end(kAcronyms);
}

}  // namespace

std::string label_for(std::string_view field) {
  if (!std::all_of(field.begin(), field.end(), [](char c) { return letter(c) || c == '-'; })) return std::string(field);
  std::vector<std::string> words = words_of(field), joined;
  for (size_t i = 0; i < words.size(); ++i) {
    // Capitals with a capitalised word behind them belong together: "PodIPs", "VMName".
    bool capitals = words[i].size() >= 2 &&
                    std::none_of(words[i].begin(), words[i].end(), [](char c) { return letter(c) && !upper(c); });
    if (capitals && i + 1 < words.size() && upper(words[i + 1][0])) {
      joined.push_back(words[i] + words[i + 1]);
      ++i;
    } else {
      joined.push_back(words[i]);
    }
  }
  std::string label;
  for (std::string& word : joined) {
    if (acronym(word))
      for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    else if (std::none_of(word.begin(), word.end(), upper) && word[0] >= 'a' && word[0] <= 'z')
      word[0] = static_cast<char>(word[0] - 32);
    label += (label.empty() ? "" : " ") + word;
  }
  return label;
}

}  // namespace skerry::kubectl
